import { readLink } from "../ffi/files.ts";

/** The inode of the first user namespace, `USER_NS_INIT_INO` of nsfs.h. */
const HOST_USER_NAMESPACE = "user:[4026531837]";

/** Whether this process is in another user namespace than the host's first. */
export function inUserNamespace(): boolean {
  return readLink("/proc/self/ns/user") !== HOST_USER_NAMESPACE;
}
