/**
 * The name that a container's init has in /proc until execve(2) gives it the
 * user's program's: it tells a created container from a running one.
 */
export const INIT_NAME = "davit-init";
