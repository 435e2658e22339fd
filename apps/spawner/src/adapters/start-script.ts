/** What the script ends with when another start of the same spawn came first. */
export const STARTED_ALREADY = 75;

/**
 * Leader of an agent's process group. `$1` is the spawn's folder, the rest is the command.
 *
 * Its first act can succeed only once, so that one spawn never leads to two processes. It notes itself down before the
 * command begins, outlives the signals that the command gets, and notes the command's exit code, each in one step.
 */
export const START_SCRIPT = `
folder=$1; shift
mkdir "$folder/started" || exit ${STARTED_ALREADY}
note() { printf '%s\\n' "$2" > "$folder/$1.tmp" && mv "$folder/$1.tmp" "$folder/$1"; }
start_ticks() { read -r stat < /proc/$$/stat; set -- \${stat##*) }; shift 19; echo "$1"; }
read -r boot < /proc/sys/kernel/random/boot_id
note pid "$$ $(start_ticks) $boot" || exit 74
trap : TERM INT HUP
"$@"
note exit "$?"
`;
