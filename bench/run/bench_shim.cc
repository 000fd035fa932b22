// SPDX-License-Identifier: GPL-2.0-or-later
// bench_shim.cc - Google Benchmark from C. Made for 1.7.
#include "bench/run/bench_shim.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

using benchmark::BenchmarkReporter;
using benchmark::State;

namespace {

State &state_of(shim_state *state)
{
	return *reinterpret_cast<State *>(state);
}

const State &state_of(const shim_state *state)
{
	return *reinterpret_cast<const State *>(state);
}

// One JSON document out of any number of runs. It is the display reporter too, so that the library prints nothing.
class Results : public BenchmarkReporter {
public:
	Results()
	{
		json.SetOutputStream(&text);
		SetOutputStream(&unread);
		SetErrorStream(&unread);
	}

	bool ReportContext(const Context &context) override
	{
		return begun || (begun = json.ReportContext(context));
	}

	// Every benchmark is timed by its body: its name need not say so. Statistics without a value, of 0 items say,
	// are no numbers.
	void ReportRuns(const std::vector<Run> &runs) override
	{
		std::vector<Run> named;

		for (Run run : runs) {
			run.run_name.time_type.clear();
			run.run_name.repetitions.clear();
			if (numbers_only(run))
				named.push_back(run);
		}
		json.ReportRuns(named);
	}

	char *close()
	{
		if (!begun)
			return nullptr;
		json.Finalize();
		return strdup(text.str().c_str());
	}

private:
	// JSON knows no NaN: a counter that is none goes, and so does an aggregate of times that is none.
	static bool numbers_only(Run &run)
	{
		for (auto counter = run.counters.begin(); counter != run.counters.end();)
			counter = std::isfinite(counter->second.value) ? std::next(counter) :
									 run.counters.erase(counter);
		return std::isfinite(run.real_accumulated_time) && std::isfinite(run.cpu_accumulated_time);
	}

	std::ostringstream text, unread;
	benchmark::JSONReporter json;
	bool begun = false;
};

std::unique_ptr<Results> results;

} // namespace

extern "C" const char *shim_init(int argc, char **argv, void (*misused)(void))
{
	benchmark::Initialize(&argc, argv, misused);
	return argc > 1 ? argv[1] : nullptr;
}

extern "C" void shim_context(const char *key, const char *value)
{
	benchmark::AddCustomContext(key, value);
}

extern "C" void shim_add(const char *name, unsigned int threads, unsigned int repetitions, shim_body body, void *user)
{
	benchmark::RegisterBenchmark(name, [body, user](State &state) {
		body(reinterpret_cast<shim_state *>(&state), user);
	})->Threads(static_cast<int>(threads))->Repetitions(static_cast<int>(repetitions))->UseManualTime();
}

extern "C" void shim_open(void)
{
	results = std::make_unique<Results>();
}

extern "C" unsigned long shim_run(void)
{
	unsigned long matched = benchmark::RunSpecifiedBenchmarks(results.get());

	benchmark::ClearRegisteredBenchmarks();
	return matched;
}

extern "C" char *shim_close(void)
{
	char *text = results->close();

	results.reset();
	return text;
}

extern "C" unsigned int shim_thread(const shim_state *state)
{
	return static_cast<unsigned int>(state_of(state).thread_index());
}

extern "C" uint64_t shim_quota(const shim_state *state)
{
	return static_cast<uint64_t>(state_of(state).max_iterations);
}

// All of the quota is handed out at once: how it is worked off, the library need not see.
extern "C" bool shim_start(shim_state *state)
{
	State &s = state_of(state);

	return s.KeepRunningBatch(s.max_iterations);
}

extern "C" void shim_finish(shim_state *state)
{
	state_of(state).KeepRunningBatch(1);
}

extern "C" void shim_fail(shim_state *state, const char *why)
{
	state_of(state).SkipWithError(why);
}

extern "C" void shim_time(shim_state *state, double seconds)
{
	state_of(state).SetIterationTime(seconds);
}

extern "C" void shim_counter(shim_state *state, const char *name, double value)
{
	state_of(state).counters[name] = benchmark::Counter(value);
}
