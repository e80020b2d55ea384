// What is put into a page cannot get out of its place.
#include "tool/view/base64.hpp"
#include "tool/view/page.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cenote::tool {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

TEST(page, holds_a_summary_that_ends_no_element) {
    const std::string plain = page_with("{}");
    const std::string evil = page_with(R"({"a": "</script><script>alert(1)</script><!--<script>"})");
    EXPECT_EQ(count_of(evil, "<script"), count_of(plain, "<script"));
    EXPECT_EQ(count_of(evil, "</script"), count_of(plain, "</script"));
    EXPECT_EQ(count_of(evil, "<!--"), count_of(plain, "<!--"));
    EXPECT_EQ(
        count_of(evil, R"({"a": "\u003c/script>\u003cscript>alert(1)\u003c/script>\u003c!--\u003cscript>"})"),
        1U);
}

TEST(page, has_all_of_its_parts_and_names_nothing_outside_of_itself) {
    const std::string page = page_with("{}");
    for (const char* const place : {"@STYLE@", "@D3@", "@D3_LICENSE@", "@SCRIPTS@", "@SUMMARY@"})
        EXPECT_EQ(page.find(place), std::string::npos) << place;
    for (const char* const part :
         {"default-src 'none'", "Mike Bostock. All rights reserved", "function showFlame()",
          "application/json\">{}</script>", "prefers-color-scheme: dark"})
        EXPECT_NE(page.find(part), std::string::npos) << part;
    for (const char* const part : {" src=", "<link rel=\"stylesheet\"", "@import", "url("})
        EXPECT_EQ(page.find(part), std::string::npos) << part;
    EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
    EXPECT_TRUE(page.ends_with("</html>\n"));
}

TEST(base64, is_that_of_rfc_4648) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("foob"), "Zm9vYg==");
    EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64("\xff\xff\xfe"), "///+");
}

} // namespace
} // namespace cenote::tool
