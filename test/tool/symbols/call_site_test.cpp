// Names of functions without what surrounds them, and which call of a stack is the call site.
#include "tool/symbols/call_site.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cenote::tool {
namespace {

TEST(plain_name, is_the_name_without_result_parameters_and_types) {
    for (const auto& [function, plain] : std::vector<std::pair<std::string, std::string>>{
             {"main", "main"},
             {"f(int)", "f"},
             {"void std::vector<int, std::allocator<int> >::emplace_back<int>(int&&)",
              "std::vector<int, std::allocator<int> >::emplace_back<int>"},
             {"(anonymous namespace)::thing::grow(unsigned long)", "(anonymous namespace)::thing::grow"},
             {"std::map<int, (anonymous namespace)::thing>::insert(int)",
              "std::map<int, (anonymous namespace)::thing>::insert"},
             {"operator new(unsigned long)", "operator new"},
             {"operator new[](unsigned long, std::nothrow_t const&)", "operator new[]"},
             {"operator()(int)", "operator()"},
             {"app::job::operator()(int) const", "app::job::operator()"},
             {"app::job::operator new(unsigned long)", "app::job::operator new"},
             {"bool app::operator< <int>(int)", "app::operator< <int>"},
             {"std::ostream& app::operator<<(std::ostream&, app::thing<int> const&)", "app::operator<<"},
             {"app::operator<< <int>(app::list<int>&)", "app::operator<< <int>"},
             {"bool app::operator<(app::list<int> const&, int)", "app::operator<"},
             {"Wrapper<int, std::string>::get()", "Wrapper<int, std::string>::get"}, // a bracket at 7
             {"app::my_operator<int, std::string>::get()", "app::my_operator<int, std::string>::get"},
             {"operators<int, std::string>::get(int)", "operators<int, std::string>::get"},
             {"app::operator", "app::operator"},
             {"", ""},
             {"<<<", "<<<"},
             {"((((", ""},
         })
        EXPECT_EQ(plain_name(function), plain) << function;
}

std::size_t site_of(const std::vector<source_call>& calls) {
    std::vector<const source_call*> all;
    for (const source_call& each : calls)
        all.push_back(&each);
    return call_site(all);
}

source_call of(const std::string& function, const std::string& module = "program") {
    return {.function = function, .module = module};
}

TEST(call_site, is_the_innermost_call_that_does_more_than_pass_an_allocation_on) {
    EXPECT_EQ(site_of({of("operator new(unsigned long)", "libstdc++.so.6"), of("make()"), of("main")}), 1U);
    EXPECT_EQ(
        site_of(
            {of("std::__new_allocator<int>::allocate(unsigned long, void const*)"),
             of("std::allocator_traits<std::allocator<int> >::allocate(std::allocator<int>&, unsigned long)"),
             of("void std::vector<int, std::allocator<int> >::push_back(int const&)"),
             of("app::fill(std::vector<int, std::allocator<int> >&)"), of("main")}),
        3U);
    EXPECT_EQ(site_of({of("__gnu_cxx::new_allocator<char>::allocate(unsigned long)"),
                       of("std::string::reserve()"), of("read(std::string&)")}),
              2U);
    EXPECT_EQ(site_of({of("", "libcenote-malloc.so"), of("je_thing", "libjemalloc.so.2"), of("main")}), 2U);
    for (const char* const wrapper :
         {"zmalloc", "g_malloc0", "PyMem_Malloc", "xrealloc", "pcalloc", "sdsdup_strdup", "posix_memalign",
          "aligned_alloc", "app::pool::malloc(int)"})
        EXPECT_EQ(site_of({of(wrapper), of("main")}), 1U) << wrapper;
}

TEST(call_site, is_not_moved_by_what_only_has_such_words_in_its_parameters) {
    EXPECT_EQ(site_of({of("app::keep(std::vector<int>&)"), of("main")}), 0U);
    EXPECT_EQ(site_of({of("malloc_statistics::report()"), of("main")}), 0U);
    EXPECT_EQ(site_of({of("app::list<app::malloc_tag>::grow()"), of("main")}), 0U);
    EXPECT_EQ(site_of({of("Wrapper<int, std::string>::get()"), of("main")}), 0U);
}

TEST(call_site, is_the_innermost_where_no_other_is_left) {
    EXPECT_EQ(site_of({of("operator new(unsigned long)"), of("std::string::reserve()")}), 0U);
    EXPECT_EQ(site_of({of("", "")}), 0U);
    EXPECT_EQ(site_of({}), 0U);
}

} // namespace
} // namespace cenote::tool
