/** The namespaces that the tour tells of, by their names in /proc. */
const NAMESPACES = ["mnt", "pid", "net", "ipc", "uts", "cgroup"];

/**
 * The shell script that shows a container from inside, beside what it looks
 * like from outside. It needs a shell, `cat` and `ls`.
 */
export function tourScript(): string {
  const outside = NAMESPACES.map((name) =>
    `${name}=${link(`/proc/self/ns/${name}`)}`
  );
  const processes = [...Deno.readDirSync("/proc")]
    .filter(({ name }) => /^\d+$/.test(name)).length;
  return `
say() { printf '%-12s %-34s %s\\n' "$@"; }
say '' 'on the host' 'in this container'
for pair in ${outside.join(" ")}; do
  name=\${pair%%=*}
  here=$(ls -l /proc/self/ns/$name)
  say "$name" "\${pair#*=}" "\${here##*-> }"
done
count=0
for process in /proc/[0-9]*; do count=$((count + 1)); done
say processes '${processes}' "$count"
say hostname '${Deno.hostname()}' "$(cat /proc/sys/kernel/hostname)"
interfaces=
while read -r line; do
  case $line in *:*) interfaces="$interfaces \${line%%:*}" ;; esac
done </proc/net/dev
say network '' "$interfaces"
while read -r name value; do
  case $name in CapEff:|NoNewPrivs:) say "\${name%:}" '' "$value" ;; esac
done </proc/self/status
if (: >/try-to-write) 2>/dev/null; then write=yes; else write=no; fi
say writable '/ yes' "/ $write"
echo
read -r name </proc/1/comm
echo "pid 1 is: $name"
echo
echo 'its mounts:'
lines=
while read -r id parent device root where options rest; do
  lines="$where \${rest#*- } $options
$lines"
done </proc/self/mountinfo
# The last mounted come first: what lies below a later one is hidden.
seen=
echo "$lines" | while read -r where type source more; do
  [ -n "$where" ] || continue
  hidden=
  for path in $seen; do
    case $where/ in $path/*) hidden=yes ;; esac
  done
  seen="$seen $where"
  [ -n "$hidden" ] || printf '  %-24s %-10s %s\\n' "$where" "$type" "\${more##* }"
done
echo
echo 'Run a command of your own: davit try -- COMMAND, a shell: davit try -t -- sh'
`;
}

function link(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "?";
  }
}
