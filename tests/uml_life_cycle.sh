#!/bin/sh
# What uml_test.ts runs under the other kernel: one container of `run`, one of
# create, start, kill and delete with limits and hooks, and what is left then.
#
#   uml_life_cycle.sh LAYOUT DAVIT ECHO-BUNDLE LIMITED-BUNDLE LIMITED-ID
layout=$1 davit=$2 echo_bundle=$3 limited_bundle=$4 id=$5
root=/run/davit-test
failed=0

same() {
  [ "$2" = "$3" ] || { echo "$1: \"$2\", not \"$3\""; failed=1; }
}
davit() { "$davit" --root "$root" "$@"; }
status() { davit state "$id" | grep -o '"status": *"[a-z]*"' | cut -d'"' -f4; }
limit() { cat "/sys/fs/cgroup/$1" 2>&1; }

same "run prints" "$(davit run --bundle "$echo_bundle" one 2>&1)" "hello from inside"
sed 's/"hello from inside"/"a","b"/; s/"echo"/"false"/' "$echo_bundle/config.json" >/run/config.json
cp /run/config.json "$echo_bundle/config.json"
davit run --bundle "$echo_bundle" one
same "run's status" $? 1

davit create --bundle "$limited_bundle" --pid-file /run/pid "$id" </dev/null
same "create's status" $? 0
same "after create" "$(status)" created
[ -d "/proc/$(cat /run/pid)" ]
same "init lives" $? 0
case $layout in
  v2)
    same "memory.max" "$(limit "$id/memory.max")" 67108864
    same "cpu.weight" "$(limit "$id/cpu.weight")" 59
    same "cpu.max" "$(limit "$id/cpu.max")" "50000 200000"
    same "pids.max" "$(limit "$id/pids.max")" 25 ;;
  *)
    same "memory.limit_in_bytes" "$(limit "memory/$id/memory.limit_in_bytes")" 67108864
    same "cpu.shares" "$(limit "cpu,cpuacct/$id/cpu.shares")" 512
    same "cpu.cfs_quota_us" "$(limit "cpu,cpuacct/$id/cpu.cfs_quota_us")" 50000
    same "cpu.cfs_period_us" "$(limit "cpu,cpuacct/$id/cpu.cfs_period_us")" 200000
    same "pids.max" "$(limit "pids/$id/pids.max")" 25 ;;
esac
davit start "$id"
same "start's status" $? 0
same "after start" "$(status)" running
davit kill "$id" KILL
for _ in 1 2 3 4 5 6 7 8 9 10; do
  [ "$(status)" = stopped ] && break
  sleep 0.2
done
same "after kill" "$(status)" stopped
davit delete "$id"
same "delete's status" $? 0
davit state "$id" 2>/run/err
same "state after delete" $? 1
same "hooks" "$(tr '\n' ' ' </run/hooks)" "prestart createRuntime createContainer poststart poststop "

same "cgroups left" "$(find /sys/fs/cgroup -name "$id*" -o -name one)" ""
same "mounts left" "$(grep -c "$limited_bundle" /proc/self/mountinfo)" 0
same "state left" "$(find "$root" -name "$id*" -o -name one)" ""
[ $failed = 0 ] && echo "all as expected"
exit $failed
