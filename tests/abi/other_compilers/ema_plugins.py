# SPDX-License-Identifier: MIT
"""One trick, a moving average of the weights, by each compiler, in each language and with each set of options."""

import os
import pathlib
from dataclasses import dataclass

from training import compile_plugin, plugin_flags

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CXX = ["-std=c++20"]
BARE = [*CXX, "-fno-exceptions", "-fno-rtti"]
# As knack_add_plugin(TORCH_STABLE) has them: the oldest LibTorch that the host is built with.
STABLE = [*CXX, "-DTORCH_TARGET_VERSION=0x020b000000000000", '-DKNACK_PLUGIN_TIER="torch-stable"',
          '-DKNACK_PLUGIN_TORCH_VERSION="2.11"']  # fmt: skip
LIBCXX = "-stdlib=libc++"


@dataclass
class Flavour:
    tool: str
    source: str
    options: list
    in_memory: bool = False  # averages in the tensors' memory, not through operators
    is_bare: bool = False  # compiled without exceptions

    @property
    def tier(self):
        return "torch-stable" if self.source.startswith("torch_stable") else "c"

    @property
    def is_cxx(self):
        return self.source.endswith(".cpp")

    def recipe(self, name, decay):
        """The entry under `tricks`."""
        return {"use": name, "decay": decay, **({} if self.is_cxx else {"in_memory": self.in_memory})}


FLAVOURS = {
    "gcc_c11": Flavour("gcc", "c_ema.c", ["-std=c11"]),
    "gcc_c11_in_memory": Flavour("gcc", "c_ema.c", ["-std=c11"], in_memory=True),
    "clang_c11": Flavour("clang", "c_ema.c", ["-std=c11"]),
    "clang_c11_in_memory": Flavour("clang", "c_ema.c", ["-std=c11"], in_memory=True),
    "gxx": Flavour("g++", "cxx_ema.cpp", CXX),
    "gxx_bare": Flavour("g++", "cxx_ema.cpp", BARE, is_bare=True),
    "clangxx_libstdcxx": Flavour("clang++", "cxx_ema.cpp", [*CXX, "-stdlib=libstdc++"]),
    "clangxx_libcxx": Flavour("clang++", "cxx_ema.cpp", [*CXX, LIBCXX]),
    "clangxx_libcxx_bare": Flavour("clang++", "cxx_ema.cpp", [*BARE, LIBCXX], is_bare=True),
    "gxx_torch_stable": Flavour("g++", "torch_stable_ema.cpp", STABLE),
    "clangxx_libcxx_torch_stable": Flavour("clang++", "torch_stable_ema.cpp", [*STABLE, LIBCXX]),
    "rust": Flavour("rustc", "rust_ema.rs", []),
    "rust_in_memory": Flavour("rustc", "rust_ema.rs", [], in_memory=True),
}


def build(name, tools, folder):
    """Makes FOLDER/NAME.so. `tools` has the path of each compiler, and of LibTorch's headers as `torch`."""
    flavour, output = FLAVOURS[name], folder / f"{name}.so"
    if flavour.tool == "rustc":
        build_rust(name, tools["rustc"], folder / name, output)
        return
    headers = ["-isystem", tools["torch"]] if flavour.tier == "torch-stable" else []
    options = [*flavour.options, *plugin_flags(ROOT), "-I", ROOT / "sdk/include", *headers, f'-DEMA_ID="{name}"']
    compile_plugin([tools[flavour.tool], *options, HERE / flavour.source, "-o", output])


def build_rust(name, rustc, folder, output):
    """As cargo would: the crate of the SDK, then the plugin."""
    facts = {f"CARGO_PKG_{fact}": text for fact, text in {"VERSION": "1.0.0", "AUTHORS": "", "LICENSE": "MIT"}.items()}
    environment = {**os.environ, **facts, "EMA_ID": name}
    library = folder / "libknack.rlib"
    folder.mkdir()
    common = [rustc, "--edition=2021", "-O"]
    compile_plugin([*common, "--crate-type=rlib", "--crate-name=knack", ROOT / "sdk/rust/src/lib.rs", "-o", library])
    kind = ["--crate-type=cdylib", f"--extern=knack={library}"]  # rustc hides all but the entry by itself
    compile_plugin([*common, *kind, HERE / FLAVOURS[name].source, "-o", output], environment)
