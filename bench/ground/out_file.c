/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_file.c - writes beside, flushes, renames. */
#include "bench/ground/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/ground/message.h"
#include "bench/ground/interrupt.h"

/* A rename would replace a device, a FIFO or a link, and what stands for them would be lost. */
static int refuse_what_is_no_file(const char *path)
{
	struct stat what;

	if (lstat(path, &what))
		return errno == ENOENT ? 0 : complain("%s: %s", path, strerror(errno));
	if (S_ISREG(what.st_mode))
		return 0;
	return complain("%s is %s: give a regular file or a new name", path,
			S_ISDIR(what.st_mode) ? "a folder" : S_ISLNK(what.st_mode) ? "a symbolic link" :
			S_ISFIFO(what.st_mode) ? "a FIFO" : S_ISSOCK(what.st_mode) ? "a socket" : "a device");
}

/* The writer that held the lock may have renamed the file meanwhile: then ours is no more by that name. */
static bool still_named(int fd, const char *path)
{
	struct stat opened, named;

	return !fstat(fd, &opened) && !lstat(path, &named) && opened.st_ino == named.st_ino &&
	       opened.st_dev == named.st_dev;
}

static int open_beside(const char *path, const char *unfinished, int *fd)
{
	do {
		*fd = open(unfinished, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (*fd < 0)
			return complain("%s: %s", path, strerror(errno));
		if (flock(*fd, LOCK_EX | LOCK_NB)) {
			close(*fd);
			return complain("%s: another process is writing it", path);
		}
	} while (!still_named(*fd, unfinished) && !close(*fd));
	if (ftruncate(*fd, 0)) {
		int error = errno;

		close(*fd);
		return complain("%s: %s", path, strerror(error));
	}
	return 0;
}

int out_file_begin(struct out_file *file, const char *path)
{
	int fd, status = refuse_what_is_no_file(path);

	if (status)
		return status;
	if (snprintf(file->path, sizeof(file->path), "%s", path) >= (int)sizeof(file->path))
		return complain("%s: %s", path, strerror(ENAMETOOLONG));
	snprintf(file->unfinished, sizeof(file->unfinished), "%s" UNFINISHED, path);
	status = refuse_what_is_no_file(file->unfinished);
	if (!status)
		status = open_beside(path, file->unfinished, &fd);
	if (status)
		return status;
	file->stream = fdopen(fd, "w");
	if (file->stream && interrupt_removes(file->unfinished))
		return 0;
	unlink(file->unfinished);
	return fail("%s: too many open files", path);
}

/* A rename is on the disk once its folder is. */
static void flush_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);	/* some file systems refuse this for folders, and the file is whole all the same */
		close(fd);
	}
}

int out_file_flush(struct out_file *file)
{
	if (!fflush(file->stream) && !ferror(file->stream) && !fsync(fileno(file->stream)))
		return 0;
	return fail("%s: cannot be written: %s", file->path, strerror(errno));
}

/* The lock goes last. */
void out_file_leave(struct out_file *file)
{
	interrupt_keeps(file->unfinished);
	fclose(file->stream);
}

int out_file_end(struct out_file *file, int status)
{
	if (!status)
		status = out_file_flush(file);
	if (!status && rename(file->unfinished, file->path))
		status = fail("%s: cannot be written: %s", file->path, strerror(errno));
	if (status)
		unlink(file->unfinished);
	else
		flush_folder(file->path);
	out_file_leave(file);
	return status;
}

int out_file_restart(struct out_file *file)
{
	__fpurge(file->stream);
	clearerr(file->stream);
	rewind(file->stream);
	return ftruncate(fileno(file->stream), 0) ? fail("%s: %s", file->path, strerror(errno)) : 0;
}

int out_file_put_json(struct out_file *file, struct json_t *root, size_t flags)
{
	bool written = root && !json_dumpf(root, file->stream, flags);
	int error = errno;

	json_decref(root);
	if (!written)
		return fail("%s: cannot be written: %s", file->path, strerror(root ? error : ENOMEM));
	fputc('\n', file->stream);
	return 0;
}

int out_file_write_json(const char *path, struct json_t *root, size_t flags)
{
	struct out_file file;
	int status = out_file_begin(&file, path);

	if (status) {
		json_decref(root);
		return status;
	}
	return out_file_end(&file, out_file_put_json(&file, root, flags));
}

int out_file_end_stdout(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fail("standard output: %s", strerror(errno));
	return status ? status : EXIT_CHECK_FAILED;
}
