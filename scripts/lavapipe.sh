#!/usr/bin/env bash
# Mesa's Vulkan device for processors (lavapipe), for tests of WebGPU where there is no graphics card: fetched by apt from the
# machine's own Debian mirror into node_modules/.cache/lavapipe, and nothing on the system changes. It says nothing where it is there.
# The tests find it there by themselves; for commands: source <(scripts/lavapipe.sh --env)
set -euo pipefail
cd "$(dirname "$0")/.."
to="$PWD/node_modules/.cache/lavapipe"

if [ ! -e "$to/icd.json" ]; then
  command -v apt-get >/dev/null || { echo "lavapipe: expected apt-get, got a system without it; install Mesa 25 or later by its own means" >&2; exit 1; }
  . /etc/os-release
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk -v name="$VERSION_CODENAME" '$1 == name { print $2; exit }')
  [ -n "$mirror" ] || { echo "lavapipe: expected a source of $VERSION_CODENAME in apt's sources, got none; add one" >&2; exit 1; }
  # Debian 12 has Mesa 22, which WebGPU refuses; its backports have 25. Later releases have it themselves.
  suite=$VERSION_CODENAME
  [ "$suite" = bookworm ] && suite=bookworm-backports
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work"/lists/partial "$work"/cache/archives/partial
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  signed=$([ -e $keyring ] && echo "[signed-by=$keyring]" || true)
  printf 'deb %s %s %s main\n' "$signed" "$mirror" "$VERSION_CODENAME" "$signed" "$mirror" "$suite" | sort -u >"$work/sources.list"
  # An empty list of what is installed: all that lavapipe needs comes along, but for the system's own libc.
  : >"$work/status"
  apt=(apt-get -q -y -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$work/lists"
    -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Install-Recommends=false -o Debug::NoLocking=true)
  "${apt[@]}" update >"$work/log" 2>&1 &&
    "${apt[@]}" install --download-only -t "$suite" mesa-vulkan-drivers libvulkan1 >>"$work/log" 2>&1 || {
    tail -3 "$work/log" >&2
    echo "lavapipe: expected mesa-vulkan-drivers of $suite from $mirror, got the above; try again when the mirror can be reached" >&2
    exit 1
  }
  for deb in "$work"/cache/archives/*.deb; do
    case ${deb##*/} in libc6_* | libc-bin_* | libcrypt1_* | gcc-* | libgcc-s1_* | libstdc++6_*) continue ;; esac
    dpkg -x "$deb" "$work/unpacked"
  done
  mkdir -p "$to/lib"
  libs=$(echo "$work"/unpacked/usr/lib/*-linux-gnu "$work"/unpacked/lib/*-linux-gnu)
  export LD_LIBRARY_PATH=${libs// /:}
  lvp=$(echo "$work"/unpacked/usr/lib/*-linux-gnu/libvulkan_lvp.so)
  loader=$(echo "$work"/unpacked/usr/lib/*-linux-gnu/libvulkan.so.1)
  cp -L "$lvp" "$loader" $(ldd "$lvp" "$loader" | grep -o "$work[^ ]*\.so[^ ]*" | grep -v ':$' | sort -u) "$to/lib/"
  sed "s#\"library_path\": *\"[^\"]*\"#\"library_path\": \"$to/lib/libvulkan_lvp.so\"#" "$work"/unpacked/usr/share/vulkan/icd.d/lvp_icd*.json >"$to/icd.json.new"
  mv "$to/icd.json.new" "$to/icd.json"
fi

if [ "${1-}" = --env ]; then
  echo "export VK_ICD_FILENAMES='$to/icd.json' LD_LIBRARY_PATH='$to/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}'"
fi
