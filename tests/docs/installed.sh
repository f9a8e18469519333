# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Read by the tests of docs/operating.md, in a machine or a namespace of their own.

# install_build BUILD: as "meson install" of a build with --prefix=/usr does. The build of the tests has another prefix,
# which its program remembers: that place has everything, too, but the units.
install_build() {
	local stage prefix
	stage=$(mktemp -d) || return
	prefix=$(meson introspect --buildoptions "$1" | jq -r '.[] | select(.name == "prefix").value') || return
	DESTDIR=$stage meson install -C "$1" --no-rebuild --quiet || return
	copy_below "$stage$prefix" /usr && copy_below "$stage$prefix" "$prefix" || return
	if [ "$prefix" != /usr ]; then
		rm -rf "$prefix/lib/systemd/system"/kapsel*
		sed -i "s,$prefix/bin/,/usr/bin/," /usr/lib/systemd/system/kapsel*.service || return
	fi
	rm -rf "$stage"
}

# copy_below FROM TO: without a change of directories that are there.
copy_below() { mkdir -p "$2" && tar -C "$1" -cf - . | tar -C "$2" --no-overwrite-dir -xf -; }
