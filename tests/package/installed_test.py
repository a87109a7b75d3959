# SPDX-License-Identifier: MIT
"""What `cmake --install` and CPack give: where the files are, and how CMake, pkg-config and dpkg find them."""

import re
import shutil
import subprocess
import sys
import unittest

import package
from package import BUILD, TORCH_DIR, run_well

BUNDLES_LIBTORCH = "KNACK_BUNDLE_LIBTORCH:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text()


class Layout(package.Case):
    components = ["sdk", "runtime"]

    def test_both_components_are_where_the_program_and_the_tools_look(self):
        for name in [
            "bin/knack",
            "lib/knack/plugins/ema.so",
            "include/knack/abi/knack.h",
            "include/knack/sdk/trick.hpp",
            "include/knack/testing/fake_host.hpp",
            "share/cmake/knack/knackConfig.cmake",
            "share/cmake/knack/plugin.map",
            "share/pkgconfig/knack.pc",
            "share/knack/template/cxx/trick/CMakeLists.txt",
            "share/knack/rust/Cargo.toml",
            "share/knack/convert_pth.py",
            "share/knack/validate.json",
            "share/knack/data/digits/train-images-idx3-ubyte",
            "share/doc/knack-sdk/copyright",
            "share/doc/knack-sdk/reference/Doxyfile",
            "share/doc/knack/copyright",
        ]:
            self.assertTrue((self.prefix / name).is_file(), name)

    def test_shells_and_man_get_what_the_program_prints(self):
        for name, *command in [
            ("bash-completion/completions/knack", "completion", "bash"),
            ("zsh/vendor-completions/_knack", "completion", "zsh"),
            ("fish/vendor_completions.d/knack.fish", "completion", "fish"),
            ("man/man1/knack.1", "man"),
        ]:
            self.assertEqual((self.prefix / "share" / name).read_text(), self.run_well("knack", *command), name)

    def test_no_text_file_names_the_place_of_the_build_or_of_the_installation(self):
        places = [str(BUILD).encode(), str(TORCH_DIR).encode(), str(self.folder).encode()]
        for path in self.prefix.rglob("*"):
            if path.is_file() and path.suffix != ".so" and path.name not in ("knack", "libgomp.so.1"):
                content = path.read_bytes()
                self.assertFalse([place for place in places if place in content], path)

    @unittest.skipUnless(BUNDLES_LIBTORCH, "this build uses the LibTorch of its machine")
    def test_libraries_are_found_relative_to_the_program_or_not_at_all(self):
        for path in [self.prefix / "bin/knack", *self.prefix.glob("lib/knack/**/*.so*")]:
            for places in re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", run_well("readelf", "-d", path)):
                for place in places.split(":"):
                    self.assertTrue(place.startswith("$ORIGIN"), f"{path}: {places}")

    def test_the_program_runs_where_it_was_moved_to_and_finds_its_plugins(self):
        self.assertIn("weight_average", self.run_well("knack", "plugins", "list"))
        self.run_well("knack", "plugins", "validate", "ema", "--include", "toy_fit")  # in share/knack/validate.json
        loaded = subprocess.run(
            ["ldd", self.prefix / "bin/knack"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
        ).stdout
        self.assertNotIn(str(TORCH_DIR.parents[2]), loaded)
        self.assertNotIn("not found", loaded)

    @unittest.skipUnless(shutil.which("doxygen"), "no doxygen; the Debian package doxygen has it")
    def test_the_reference_is_generated_from_what_is_installed(self):
        generator = self.prefix / "share/doc/knack-sdk/reference/generate.py"
        self.run_well(sys.executable, "-B", generator, self.prefix / "bin/knack", self.folder / "reference")
        self.assertIn("knack_trick_t", (self.folder / "reference/xml/index.xml").read_text())
        self.assertIn("## ema", (self.folder / "reference/plugins/trick.md").read_text())


class FindPackage(package.Case):
    components = ["sdk"]

    def configure(self, line, *arguments):
        text = f"cmake_minimum_required(VERSION 3.25)\nproject(p)\n{line}\n"
        project = self.write(f"{self.id()}/CMakeLists.txt", text)
        return ["cmake", "-S", project.parent, "-B", project.parent / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                *arguments]

    def test_any_version_of_the_same_major_up_to_this_one_is_found(self):
        for version in ["", "1", "1.0"]:
            self.run_well(*self.configure(f"find_package(knack {version} REQUIRED)"))

    def test_another_major_is_refused(self):
        for version in ["2", "0.9"]:
            self.assertIn("version", self.run_badly(*self.configure(f"find_package(knack {version} REQUIRED)")))

    def test_a_component_that_there_is_not_is_refused_and_those_there_are_named(self):
        said = self.run_badly(*self.configure("find_package(knack 1 REQUIRED COMPONENTS tensorflow)"))
        self.assertRegex(said, r"no component 'tensorflow';\s+there is torch")

    def test_it_gives_targets_and_a_function_and_needs_no_libtorch(self):
        checks = """find_package(knack 1 REQUIRED)
if(NOT TARGET knack::abi OR NOT TARGET knack::sdk OR NOT COMMAND knack_add_plugin OR TARGET knack::torch)
  message(FATAL_ERROR "wrong")
endif()"""
        self.run_well(*self.configure(checks))

    def test_the_component_torch_takes_the_libtorch_of_the_caller(self):
        line = "find_package(knack 1 REQUIRED COMPONENTS torch)"
        self.assertIn("knack needs LibTorch 2.11 or later", self.run_badly(*self.configure(line)))
        checks = f"""{line}
get_target_property(linked knack::torch INTERFACE_LINK_LIBRARIES)
message(STATUS "linked: ${{linked}}, version ${{Torch_VERSION}}")"""
        said = self.run_well(*self.configure(checks, f"-DTorch_DIR={TORCH_DIR}"))
        self.assertRegex(said, r"linked: knack::sdk;knack_torch, version 2\.\d+")


class PkgConfig(package.Case):
    components = ["sdk"]

    def ask(self, *words):
        return self.run_well("env", f"PKG_CONFIG_PATH={self.prefix}/share/pkgconfig", "pkg-config", *words).strip()

    def test_it_says_the_version_and_where_everything_is(self):
        self.assertRegex(self.ask("--modversion", "knack"), r"^1\.\d+\.\d+$")
        self.ask("--exists", "knack >= 1", "knack < 2")
        for name in ["plugin_map", "share"]:
            self.assertTrue((self.prefix / self.ask(f"--variable={name}", "knack")).exists(), name)
        self.assertTrue(self.ask("--variable=plugindir", "knack").endswith("lib/knack/plugins"))

    def test_its_flags_compile_a_file_of_c_and_one_of_cxx(self):
        flags = self.ask("--cflags", "knack").split()
        for name, text in [("a.c", "#include <knack/abi/knack.h>"), ("a.cpp", "#include <knack/sdk/trick.hpp>")]:
            compiler = ["g++", "-std=c++20"] if name.endswith("cpp") else ["gcc", "-std=c11"]
            self.run_well(*compiler, "-fsyntax-only", *flags, self.write(name, text + "\n"))


class Debian(package.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run_well("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder / "debs")
        shutil.rmtree(cls.folder / "debs" / "_CPack_Packages")
        cls.root = cls.folder / "root"
        for deb in (cls.folder / "debs").glob("*.deb"):
            run_well("dpkg-deb", "-x", deb, cls.root)

    def test_a_program_that_uses_the_libtorch_of_its_machine_is_not_packed(self):
        config = (BUILD / "CPackConfig.cmake").read_text() + "set(CPACK_KNACK_BUNDLES_LIBTORCH OFF)\n"
        debs = self.folder / "unbundled"
        said = self.run_well("cpack", "-G", "DEB", "--config", self.write("CPackConfig.cmake", config), "-B", debs)
        self.assertRegex(said, r"package knack is left out.*\s+.*-DKNACK_BUNDLE_LIBTORCH=ON")
        self.assertEqual([path.name.split("_")[0] for path in debs.glob("*.deb")], ["knack-sdk"])

    def deb(self, pattern):
        (found,) = (self.folder / "debs").glob(pattern)
        return found

    def field(self, pattern, name):
        return self.run_well("dpkg-deb", "-f", self.deb(pattern), name).strip()

    def test_the_sdk_is_for_every_architecture_and_depends_on_nothing(self):
        self.assertEqual(self.field("knack-sdk_*.deb", "Architecture"), "all")
        self.assertEqual(self.field("knack-sdk_*.deb", "Depends"), "")
        listed = self.run_well("dpkg-deb", "-c", self.deb("knack-sdk_*.deb"))
        for name in ["include/knack/sdk/trick.hpp", "share/cmake/knack/knackConfig.cmake", "share/knack/template/c"]:
            self.assertIn(f"./usr/{name}", listed)
        self.assertNotRegex(listed, r"\.so|usr/bin")

    def test_the_program_names_the_libraries_of_the_system_that_it_needs(self):
        self.assertRegex(self.field("knack_*.deb", "Depends"), r"libc6 \(.*libstdc\+\+6")
        listed = self.run_well("dpkg-deb", "-c", self.deb("knack_*.deb"))
        for name in ["bin/knack", "lib/knack/plugins/ema.so", "share/knack/validate.json"]:
            self.assertIn(f"./usr/{name}", listed)
        self.assertNotIn("usr/include", listed)

    def test_every_file_is_roots_and_for_others_to_read(self):
        for pattern in ["knack-sdk_*.deb", "knack_*.deb"]:
            for line in self.run_well("dpkg-deb", "-c", self.deb(pattern)).splitlines():
                self.assertRegex(line, r"^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx) root/root ")

    def test_what_is_unpacked_works(self):
        program = self.root / "usr" / "bin" / "knack"
        self.assertIn("resnet20", self.run_well(program, "plugins", "list"))
        self.run_well(program, "new", "trick", "acme.unpacked")
        self.run_well("cmake", "-S", "unpacked", "-B", "unpacked/build", f"-DCMAKE_PREFIX_PATH={self.root}/usr")


if __name__ == "__main__":
    package.main()
