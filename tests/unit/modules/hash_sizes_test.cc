#include "modules/hash_sizes.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

using HashSizesTest = SiteTest;

TEST_F(HashSizesTest, AcceptsWhatDebiansConfigurationSays) {
  EXPECT_EQ(ErrorsOfWhole("http { types_hash_max_size 2048; server_names_hash_bucket_size 64; "
                          "variables_hash_max_size 2048; }"),
            "");
  EXPECT_THAT(ErrorsOfWhole("http { types_hash_max_size big; }"), HasSubstr("types_hash_max_size"));
}

}  // namespace
}  // namespace colmeia::modules
