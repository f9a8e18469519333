#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# packages.sh GROUP... - install what is missing of the named groups of
# tests/packages.  Needs root and apt only if something is missing, so a machine
# that is set up can run the tests as anybody and without a network.
#
#   --list       print the groups' packages, install nothing
#   --missing    print those that are missing, install nothing
#
# No service is started by an installation: a redis that came up on the host's
# port 6379 would be both a surprise and something the demo might talk to.

set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
list=$here/../packages
backports_file=/etc/apt/sources.list.d/kapsel-backports.list
policy=/usr/sbin/policy-rc.d
policy_saved=$policy.before-kapsel

die() { echo "packages.sh: $*" >&2; exit 1; }

mode=install
case ${1-} in
--list|--missing) mode=${1#--}; shift ;;
esac
[ $# -gt 0 ] || die "name at least one group of tests/packages"

# --- what is asked for, what is missing --------------------------------------

# Prints "PACKAGE [backports]" lines of the groups in $@, each package once.
wanted() {
	local group
	for group in "$@"; do
		awk -v group="$group" '$1 == group { print $2, $3; found = 1 } END { exit !found }' "$list" ||
			die "no group \"$group\" in tests/packages"
	done | awk '!seen[$1]++'
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

packages=$(wanted "$@")
plain=() backports=() all=()
while read -r package from; do
	all+=("$package")
	installed "$package" && continue
	if [ "$from" = backports ]; then backports+=("$package"); else plain+=("$package"); fi
done <<<"$packages"

case $mode in
list) printf '%s\n' "${all[@]}"; exit 0 ;;
missing) printf '%s\n' "${plain[@]}" "${backports[@]}" | sed '/^$/d'; exit 0 ;;
esac
[ $((${#plain[@]} + ${#backports[@]})) -gt 0 ] || exit 0
command -v apt-get >/dev/null || die "not a Debian system; install by hand: ${plain[*]} ${backports[*]}"
[ "$(id -u)" = 0 ] || die "missing packages; as root: apt-get install ${plain[*]} ${backports[*]}"

# --- no service starts while we install ---------------------------------------

# An administrator's own policy file is put aside and comes back, also after an
# installation that was killed half-way.
forbid_services() {
	trap allow_services EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	[ -e "$policy_saved" ] || [ ! -e "$policy" ] || mv "$policy" "$policy_saved"
	printf '#!/bin/sh\n# kapsel-tests: nothing starts during this installation\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}
allow_services() {
	if [ -e "$policy_saved" ]; then
		mv "$policy_saved" "$policy"
	elif grep -q kapsel-tests "$policy" 2>/dev/null; then
		rm "$policy"
	fi
}

# --- apt ----------------------------------------------------------------------

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt_get() { apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"; }
quietly() { # prints the output only of what fails
	local log status=0
	log=$(mktemp)
	"$@" >"$log" 2>&1 || status=$?
	[ $status = 0 ] || cat "$log" >&2
	rm -f "$log"
	return $status
}

codename() { . /etc/os-release && echo "${VERSION_CODENAME-}"; }

# The mirror that this machine already uses for its release; empty if apt's
# sources do not name the release's main suite.
mirror() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v release="$(codename)" '$2 == release { print $1; exit }'
}

has_backports() {
	apt-get indextargets --format '$(RELEASE)' 'Created-By: Packages' | grep -qx "$(codename)-backports"
}

# Packages of backports have priority 100: adding them changes no other
# installation.  A mirror that has none must not break apt for good.
add_backports() {
	local uri options=
	has_backports && return 0
	[ "$(codename)" = bookworm ] || return 0 # later releases are new enough
	uri=$(mirror)
	[ -n "$uri" ] || return 0
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] &&
		options='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] '
	echo "deb $options$uri $(codename)-backports main" >"$backports_file"
	quietly apt_get update -o Dir::Etc::sourcelist="$backports_file" -o Dir::Etc::sourceparts=- \
		-o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any && return 0
	echo "packages.sh: no backports on $uri, going on without them" >&2
	rm -f "$backports_file"
}

apt_install() { quietly apt_get install --no-install-recommends "$@"; }

echo "installing ${plain[*]} ${backports[*]}"
quietly apt_get update || die "apt-get update failed: no network, or a broken source in /etc/apt"
forbid_services
[ ${#plain[@]} = 0 ] || apt_install "${plain[@]}"
if [ ${#backports[@]} -gt 0 ]; then
	add_backports
	{ has_backports && apt_install -t "$(codename)-backports" "${backports[@]}"; } || apt_install "${backports[@]}"
fi
