"""A recipe for Conan 2: conan create packaging/conan"""

import os

from conan import ConanFile
from conan.tools.cmake import CMake, cmake_layout
from conan.tools.files import copy


class Cenote(ConanFile):
    name = "cenote"
    version = "0.1.0"
    description = "Memory pools for C++20"
    license = "MIT"
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeToolchain"
    package_type = "library"

    def export_sources(self):
        root = os.path.normpath(os.path.join(self.recipe_folder, "..", ".."))
        for part in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "packaging/*", "src/*"):
            copy(self, part, root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        # The package's own files say what there is, as they do for find_package without Conan.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "cenote")]
        self.cpp_info.libs = ["cenote"]
        self.cpp_info.system_libs = ["pthread"]
