#include "cenote/adaptor/segment_options.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace cenote_test {
namespace {

using cenote::segment_error;
using cenote::detail::segment_error_of;

TEST(segment_error, says_what_an_errno_means_for_a_segment) {
    EXPECT_EQ(segment_error_of(0), segment_error::none);
    EXPECT_EQ(segment_error_of(EEXIST), segment_error::exists);
    for (const int e : {ENOENT, ENOTDIR})
        EXPECT_EQ(segment_error_of(e), segment_error::not_found) << e;
    for (const int e : {EACCES, EPERM, EROFS})
        EXPECT_EQ(segment_error_of(e), segment_error::denied) << e;
    for (const int e : {ENOSPC, EDQUOT, EFBIG, ENOMEM})
        EXPECT_EQ(segment_error_of(e), segment_error::no_space) << e;
    for (const int e : {EISDIR, EINVAL, ENXIO})
        EXPECT_EQ(segment_error_of(e), segment_error::not_a_segment) << e;
    for (const int e : {EMFILE, ENFILE, EIO, ENOSYS})
        EXPECT_EQ(segment_error_of(e), segment_error::os) << e;
}

} // namespace
} // namespace cenote_test
