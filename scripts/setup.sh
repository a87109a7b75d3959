# SPDX-License-Identifier: MIT
# Sourced by scripts/quickstart and scripts/test: installs what is missing, then configures and builds.
# Leaves the current folder at the root of the repository.
#
# What a caller may set in the environment:
#   Torch_DIR, CMAKE_PREFIX_PATH  a LibTorch >= 2.11 to build with instead of the wheel in .venv
#   PIP_INDEX_URL, ...            pip's own settings, for instance an index of CPU-only torch wheels
#   KNACK_JOBS                    compilers and tests at a time (default: one a core, at most 2)
set -euo pipefail
CDPATH="" cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck disable=SC2034  # the callers use these lists
readonly build_packages=(g++ cmake ninja-build ccache libboost-dev nlohmann-json3-dev libspdlog-dev
  libcli11-dev libvalijson-dev libssl-dev zlib1g-dev python3-venv)
# shellcheck disable=SC2034
readonly test_packages=(libgtest-dev libgmock-dev clang libclang-rt-dev libc++-dev libc++abi-dev
  abigail-tools doxygen make pkgconf dpkg-dev file
  chromium chromium-driver fonts-dejavu-core mkdocs zsh fish bash-completion mandoc shellcheck)
# shellcheck disable=SC2034
readonly docs_packages=(mkdocs doxygen)
# shellcheck disable=SC2034  # any cargo from 1.63 on will do, such as that of rustup
readonly rust_packages=(cargo rustc)
readonly torch_minimum=2.11

say() { printf 'knack: %s\n' "$*"; }
fail() { printf 'knack: error: %s\n' "$*" >&2; exit 1; }

job_count() {
  local cores
  cores="$(nproc)"
  echo "${KNACK_JOBS:-$((cores < 2 ? cores : 2))}"
}

# --- Debian packages ------------------------------------------------------------------------------

# missing_packages NAME...: those of them that dpkg does not list as installed.
missing_packages() {
  local installed package
  installed="$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    grep -qxF "installed $package" <<<"$installed" || echo "$package"
  done
}

# as_root COMMAND...: runs it as root, through sudo where needed; fails if neither is to be had.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
    sudo "$@"
  else
    return 1
  fi
}

# install_packages NAME...: does nothing when all are there.
install_packages() {
  local missing tool
  if ! { command -v dpkg-query && command -v apt-get; } >/dev/null; then
    for tool in g++ cmake ninja ccache python3; do
      command -v "$tool" >/dev/null ||
        fail "found no $tool, and this is not Debian; install what these Debian packages hold: $*"
    done
    return
  fi
  missing="$(missing_packages "$@" | xargs)"
  [[ -n $missing ]] || return 0
  say "installing $missing"
  # shellcheck disable=SC2086  # a list of words
  { as_root apt-get update -q && as_root apt-get install -qy --no-install-recommends $missing; } ||
    fail "could not install packages; run as root: apt-get update && apt-get install $missing"
}

# --- Python packages ------------------------------------------------------------------------------

make_venv() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      say "making .venv"
      "$python" -m venv --clear .venv && return
    fi
  done
  fail "found no Python 3.10 or later that can make .venv; install: python3 python3-venv"
}

# install_requirements NAME MODULES FILE...
# Installs requirements files into .venv and imports the modules to see that they work. The stamp is
# the last thing written: an installation that was cut short is taken up again, a damaged one is made
# anew, and one that is complete costs nothing.
install_requirements() {
  local stamp=".venv/.knack-$1" modules="$2" files=("${@:3}") wanted
  wanted="$(cat "${files[@]}" | sha256sum)"
  if [[ -x .venv/bin/python && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    return
  fi
  .venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv
  say "installing into .venv: $(cat "${files[@]}" | xargs)"
  pip_install "${files[@]}"
  if ! .venv/bin/python -W ignore -c "import $modules"; then
    make_venv
    pip_install "${files[@]}"
    .venv/bin/python -W ignore -c "import $modules" || fail "cannot import $modules from .venv; see above"
  fi
  echo "$wanted" >"$stamp"
}

pip_install() {
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "${@/#/--requirement=}" ||
    fail "pip could not install what $* name; its reason is above"
}

# --- LibTorch -------------------------------------------------------------------------------------

# is_usable_torch FOLDER: whether it holds the TorchConfig.cmake of a LibTorch that is new enough.
is_usable_torch() {
  local version
  [[ -f $1/TorchConfig.cmake && -f $1/TorchConfigVersion.cmake ]] || return 1
  version="$(sed -n 's/^set(PACKAGE_VERSION "\([0-9.]*\).*/\1/p' "$1/TorchConfigVersion.cmake")"
  [[ $(printf '%s\n' "$torch_minimum" "$version" | sort -V | head -n 1) == "$torch_minimum" ]]
}

# Sets torch_dir to the folder of TorchConfig.cmake: the one that the environment names, or the wheel's.
find_or_install_torch() {
  local prefixes prefix
  torch_dir="${Torch_DIR:-}"
  IFS=':;' read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}"
  for prefix in "${prefixes[@]}"; do
    if [[ -z $torch_dir ]] && is_usable_torch "$prefix/share/cmake/Torch"; then
      torch_dir="$prefix/share/cmake/Torch"
    fi
  done
  if [[ -z $torch_dir ]]; then
    install_requirements torch torch.nn scripts/requirements.txt
    torch_dir="$(echo .venv/lib/python3*/site-packages/torch/share/cmake/Torch)"
  fi
  is_usable_torch "$torch_dir" ||
    fail "$torch_dir holds no TorchConfig.cmake of LibTorch >= $torch_minimum; set Torch_DIR to one that does"
  torch_dir="$(cd "$torch_dir" && pwd)"
}

# --- build ----------------------------------------------------------------------------------------

# configure PRESET CMAKE_ARGUMENT...: with the LibTorch in torch_dir.
configure() {
  local preset="$1" arguments=("${@:2}")
  local cache="build/$preset/CMakeCache.txt" log="build/configure-$preset.log"
  # The paths of a LibTorch stay in CMake's cache, so another LibTorch starts a new one.
  if [[ -f $cache ]] && ! grep -qxF "Torch_DIR:PATH=$torch_dir" "$cache"; then
    arguments+=(--fresh)
  fi
  mkdir -p build
  if ! cmake --preset "$preset" -DTorch_DIR:PATH="$torch_dir" "${arguments[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    fail "configuring failed; the reason is above"
  fi
}

# build PRESET [--target NAME...]: all callers share the objects.
build() {
  cmake --build --preset "$1" --parallel "$(job_count)" "${@:2}" || fail "building failed; the reason is above"
}
