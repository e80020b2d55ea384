# What `cmake --install` puts where, and what CPack makes of it: three packages, by install component.
#
#     runtime       the shared libraries
#     development   the headers, the static library, and how CMake and pkg-config find them
#     tools         programs
#
# A project that finds the package names what it links: find_package(cenote COMPONENTS heap); docs/packages.md.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/cenote)

# cenote_install(COMPONENT NAME TARGET): a target, exported as cenote::NAME, in a file of its own.
function(cenote_install component name target)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT cenote_${component}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(EXPORT cenote_${component} NAMESPACE cenote:: FILE cenote-${component}.cmake
    DESTINATION ${package_folder} COMPONENT development)
endfunction()

install(DIRECTORY include/cenote DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
cenote_install(headers cenote cenote)
cenote_install(heap heap cenote_heap)
if(TARGET cenote_shared)
  cenote_install(shared shared cenote_shared)
  cenote_install(malloc malloc cenote_malloc)
  cenote_install(malloc_hardened malloc_hardened cenote_malloc_hardened)
endif()

configure_package_config_file(packaging/cenote-config.cmake.in ${PROJECT_BINARY_DIR}/cenote-config.cmake
  INSTALL_DESTINATION ${package_folder})
# Until 1.0 a minor version may break what was written for the one before.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cenote-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cenote-config.cmake ${PROJECT_BINARY_DIR}/cenote-config-version.cmake
  DESTINATION ${package_folder} COMPONENT development)

# Both find the rest by where they lie, so that an installed tree can be moved.
file(RELATIVE_PATH CENOTE_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH CENOTE_PC_TO_INCLUDE ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
file(RELATIVE_PATH CENOTE_BIN_TO_LIB ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
configure_file(packaging/cenote.pc.in ${PROJECT_BINARY_DIR}/cenote.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cenote.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(TARGET cenote_malloc)
  configure_file(packaging/cenote-preload.in ${PROJECT_BINARY_DIR}/cenote-preload @ONLY)
  install(PROGRAMS ${PROJECT_BINARY_DIR}/cenote-preload DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
endif()

if(TARGET cenote_tool)
  install(TARGETS cenote_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  # Nobody links them, so they lie with the tool that preloads them.
  install(TARGETS cenote_malloc_counting cenote_record
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT tools)
  file(GLOB manuals CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/packaging/man/*.1)
  install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
  # Of what is in the tool, beside what it links.
  install(FILES ${PROJECT_SOURCE_DIR}/src/tool/view/page/d3.license DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cenote-tools
    COMPONENT tools)
  # Each where its shell looks.
  set(completion ${PROJECT_BINARY_DIR}/completion)
  install(FILES ${completion}/cenote.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME cenote COMPONENT tools)
  install(FILES ${completion}/cenote.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
    RENAME _cenote COMPONENT tools)
  install(FILES ${completion}/cenote.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tools)
endif()

# A project that this one is part of makes packages of its own.
if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The Cenote authors")
set(CPACK_PACKAGE_CONTACT "The Cenote authors <cenote@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)
set(CPACK_COMPONENT_TOOLS_DEPENDS runtime)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libcenote${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcenote-dev)
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME cenote-tools)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION devel)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "The heap and the C API as a shared library, and the replacements of malloc.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "The headers, the static library, and files for CMake and pkg-config.")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "Runs programs on Cenote's malloc and shows what it does: the tool cenote.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
include(CPack)
