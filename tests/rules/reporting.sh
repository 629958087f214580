# How a rule finds the tree and says what it found. Sourced by every rule; not a program.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

wrong=0

rule() { printf 'Rule %s\n' "$*"; }
holds() { printf '  ok     %s\n' "$*"; }
broken() {
    printf '  WRONG  %s\n' "$*"
    wrong=1
}
not_checked() { printf '  NOT CHECKED  %s\n' "$*"; }
finish() { exit "$wrong"; }

# The folders of the workspace's crates, one a line.
members() {
    sed -n '/^members = \[/,/^]/p' Cargo.toml | sed -n 's/^ *"\([^"]*\)".*/\1/p'
}

# The package in a folder.
package_in() {
    sed -n 's/^name *= *"\([^"]*\)".*/\1/p' "$1/Cargo.toml" | head -n 1
}

# The packages in some of the members: `packages_under adapters`.
packages_under() {
    local folder
    members | while read -r folder; do
        if [[ $folder == "$1"/* ]]; then package_in "$folder"; fi
    done
}

# The keys of one section of a manifest: `keys_of core/Cargo.toml dependencies`.
keys_of() {
    awk -v section="[$2]" '
        /^\[/ { inside = ($0 == section) }
        inside && /^[A-Za-z0-9_-]+[ .=]/ { sub(/[ .=].*/, ""); print }
    ' "$1"
}

# Whether a word is among others: `among WORD OTHER…`.
among() {
    local word=$1 other
    shift
    for other in "$@"; do
        if [[ $word == "$other" ]]; then return 0; fi
    done
    return 1
}
