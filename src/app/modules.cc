#include "app/modules.h"

#include "modules/access.h"
#include "modules/access_log.h"
#include "modules/addition.h"
#include "modules/autoindex.h"
#include "modules/charset.h"
#include "modules/compression.h"
#include "modules/conditional.h"
#include "modules/gunzip.h"
#include "modules/hash_sizes.h"
#include "modules/headers.h"
#include "modules/hive.h"
#include "modules/index.h"
#include "modules/limit_conn.h"
#include "modules/limit_req.h"
#include "modules/no_effect.h"
#include "modules/open_file_cache.h"
#include "modules/precompressed.h"
#include "modules/ranges.h"
#include "modules/return.h"
#include "modules/static_files.h"
#include "modules/stub_status.h"
#include "modules/study.h"
#include "modules/try_files.h"
#include "pipeline/aio.h"
#include "pipeline/client_body.h"
#include "pipeline/content_coding.h"
#include "pipeline/variables.h"
#include "site/core_module.h"
#include "site/events.h"
#include "site/process.h"

namespace colmeia::app {

const site::ModuleList& Modules() {
  static const site::ModuleList kList({
      &site::kProcess,
      &site::kEvents,
      &site::kCore,
      &pipeline::kVariables,
      &modules::kHashSizes,
      &modules::kNoEffect,
      &modules::kOpenFileCache,
      // Handlers, in the order of their phases. A body that is read early is read before all of them.
      &pipeline::kClientBody,
      &modules::kReturn,
      &modules::kLimitReq,
      &modules::kLimitConn,
      &modules::kAccess,
      &modules::kTryFiles,
      &modules::kStubStatus,
      &modules::kHive,
      &modules::kStudy,
      &modules::kIndex,
      &modules::kAutoindex,
      &modules::kPrecompressed,
      &modules::kStaticFiles,
      // Filters: whether something is sent, what is said about it, in which coding it is sent, which part of it. What
      // caches are told (headers) decides about codings, what is added to a body is coded with it, and a body in a
      // coding has no parts. What is left of a file may be read by threads.
      &modules::kConditional,
      &modules::kCharset,
      &modules::kHeaders,
      &modules::kGunzip,
      &modules::kAddition,
      &modules::kCompression,
      &modules::kRanges,
      &pipeline::kContentCoding,
      &pipeline::kAio,
      &modules::kAccessLog,
  });
  return kList;
}

}  // namespace colmeia::app
