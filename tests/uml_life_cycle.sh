#!/bin/sh
# What uml_test.ts runs under the other kernel: one container of `run`, one of
# create, start, exec, kill and delete with limits and hooks, and what is left.
#
#   uml_life_cycle.sh LAYOUT DAVIT ECHO-BUNDLE LIMITED-BUNDLE LIMITED-ID MAPPED-BUNDLE MAPPED-ID
layout=$1 davit=$2 echo_bundle=$3 limited_bundle=$4 id=$5 mapped_bundle=$6 mapped=$7
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
init=$(cat /run/pid)
# Runs a process that waits; tells its cgroups as the host sees them.
places() {
  davit exec --detach --pid-file /run/exec "$@" </dev/null || return
  pid=$(cat /run/exec)
  cat "/proc/$pid/cgroup"
  kill -KILL "$pid"
}
namespaces() { readlink $(printf "/proc/$1/ns/%s " cgroup ipc mnt net pid time user uts); }
same "exec's output" "$(echo in | davit exec -e A=b "$id" sh -c 'cat; echo $A' 2>&1)" "in
b"
davit exec "$id" sh -c 'exit 7'
same "exec's status" $? 7
same "exec's cgroups" "$(places "$id" sleep 100)" "$(cat "/proc/$init/cgroup")"
davit exec -d --pid-file /run/exec "$id" sleep 100 </dev/null
same "exec's namespaces" "$(namespaces "$(cat /run/exec)")" "$(namespaces "$init")"
kill -KILL "$(cat /run/exec)"
davit exec missing true 2>/run/err
same "exec in nothing" $? 255
davit exec --cgroup .. "$id" true 2>/run/err
same "a cgroup above" "$? $(grep -c 'bad sub cgroup path' /run/err)" "255 1"
davit exec --cgroup none "$id" true 2>/run/err
same "no cgroup" "$? $(grep -c ' adding pid .* to cgroups.*/none.*: no such file' /run/err)" "255 1"
if [ "$layout" = v2 ]; then
  at=/sys/fs/cgroup/$id
  mkdir "$at/sub"
  echo "$init" >"$at/sub/cgroup.procs"
  same "exec beside init's cgroup" "$(places "$id" sleep 100)" "0::/$id"
  same "exec in a cgroup below" "$(places --cgroup sub "$id" sleep 100)" "0::/$id/sub"
  while grep -q . "$at/cgroup.procs"; do sleep 0.1; done
  echo +memory >"$at/cgroup.subtree_control"
  same "exec where only init's takes any" "$(places "$id" sleep 100)" "0::/$id/sub"
  davit exec --cgroup / "$id" true 2>/run/err
  same "exec where none may be" "$? $(grep -c ' adding pid .* to cgroups.*/cgroup.procs: device or resource busy' /run/err)" "255 1"
  davit exec --cgroup memory:sub "$id" true 2>/run/err
  same "a controller of v2" "$? $(grep -c 'unknown controller' /run/err)" "255 1"
fi
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

davit run --detach --bundle "$mapped_bundle" --pid-file /run/pid "$mapped" </dev/null
same "the mapped run's status" $? 0
init=$(cat /run/pid)
same "exec's cgroups, mapped" "$(places "$mapped" sleep 100)" "$(cat "/proc/$init/cgroup")"
same "exec's user, mapped" "$(davit exec -u 5:6 -g 7 "$mapped" sh -c 'id -u; id -G' | tr '\n' ' ')" "5 6 7 "
davit delete --force "$mapped"

same "cgroups left" "$(find /sys/fs/cgroup -name "$id*" -o -name "$mapped*" -o -name one)" ""
same "mounts left" "$(grep -c "$limited_bundle" /proc/self/mountinfo)" 0
same "state left" "$(find "$root" -name "$id*" -o -name "$mapped*" -o -name one)" ""
[ $failed = 0 ] && echo "all as expected"
exit $failed
