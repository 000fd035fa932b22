// SPDX-License-Identifier: GPL-2.0-or-later
// bench_shim.cc - Google Benchmark from C. Made for 1.7.
#include "bench/bench_shim.h"

#include <benchmark/benchmark.h>

#include <fstream>
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
	explicit Results(const char *path) : file(path)
	{
		json.SetOutputStream(&file);
		SetOutputStream(&unread);
		SetErrorStream(&unread);
	}

	bool ReportContext(const Context &context) override
	{
		return begun || (begun = json.ReportContext(context));
	}

	// Every benchmark is timed by its body: its name need not say so.
	void ReportRuns(const std::vector<Run> &runs) override
	{
		std::vector<Run> named(runs);

		for (Run &run : named)
			run.run_name.time_type.clear();
		json.ReportRuns(named);
	}

	bool good() const
	{
		return file.good();
	}

	bool close()
	{
		if (begun)
			json.Finalize();
		file.close();
		return begun && file.good();
	}

private:
	std::ofstream file;
	std::ostringstream unread;
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

extern "C" void shim_add(const char *name, unsigned int threads, shim_body body, void *user)
{
	benchmark::RegisterBenchmark(name, [body, user](State &state) {
		body(reinterpret_cast<shim_state *>(&state), user);
	})->Threads(static_cast<int>(threads))->UseManualTime();
}

extern "C" bool shim_open(const char *path)
{
	results = std::make_unique<Results>(path);
	return results->good();
}

extern "C" unsigned long shim_run(void)
{
	unsigned long matched = benchmark::RunSpecifiedBenchmarks(results.get());

	benchmark::ClearRegisteredBenchmarks();
	return matched;
}

extern "C" bool shim_close(void)
{
	bool written = results->close();

	results.reset();
	return written;
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
