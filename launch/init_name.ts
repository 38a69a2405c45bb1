/**
 * The name that a container's init has in /proc until execve(2) gives it the
 * user's program's: it tells a created container from a running one. No file
 * has a name with a slash, so no program gets it by being executed.
 */
export const INIT_NAME = "davit/init";

/** The same of a process that `exec` adds to a container. */
export const EXEC_NAME = "davit/exec";
