// The precompiled headers of the tests belong to this file; see test/CMakeLists.txt.
