// How core settings merge from block to block.
#include "site/core_module.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "config/default_paths.h"
#include "site/site.h"
#include "util/units.h"

namespace colmeia::site {
namespace {

using config::In;

template <class T>
void Take(T& setting, const std::optional<T>& own) {
  if (own) setting = *own;
}

// The setter has read a text without variables already.
SizeValue CompileSize(const PlacedText& text, MergeContext& context) {
  Template compiled = context.Compile(text);
  if (compiled.constant()) return {util::ParseSize(text.text).value_or(0), {}};
  return {0, std::move(compiled)};
}

// Of a prefix and what it is replaced by, one ends with a slash and the other does not: then what follows the prefix is
// glued to the alias, or leaves its folder by "..".
void CheckSlashes(const PlacedText& alias, MergeContext& context) {
  const LocationKind kind = context.location_kind();
  if (kind != LocationKind::kPrefix && kind != LocationKind::kPrefixFinal) return;
  const std::string& name = context.location_name();
  const bool location_ends = name.ends_with('/');
  if (location_ends == alias.text.ends_with('/') || (location_ends && alias.text.find('$') != std::string::npos))
    return;
  if (location_ends) {
    context.Warn(alias.span,
                 fmt::format("location \"{0}\" ends with a slash and its alias does not: \"{0}x\" is the file "
                             "\"{1}x\"; end both with one",
                             name, alias.text));
  } else {
    context.Warn(alias.span,
                 fmt::format("the alias ends with a slash and location \"{0}\" does not: \"{0}x\" is the file "
                             "\"{1}x\", and \"{0}../x\" would be outside of it (it is refused); "
                             "write location {0}/",
                             name, alias.text));
  }
}

void MergeRoot(CoreSettings& out, const CoreDraft& own, MergeContext& context) {
  if (own.root) {
    PlacedText path = *own.root;
    if (!path.text.starts_with('$')) path.text = context.FromPrefix(path.text);
    out.alias.reset();
    if (own.root_is_alias) {
      const LocationKind kind = context.location_kind();
      if (kind == LocationKind::kNamed) {
        context.Error(path.span, "the \"alias\" directive cannot be used inside the named location");
      }
      CheckSlashes(*own.root, context);
      out.alias = kind == LocationKind::kRegex ? kWholePath : context.location_name().size();
    } else {
      // A path always begins with a slash, so the root needs none at its end.
      while (path.text.size() > 1 && path.text.ends_with('/')) path.text.pop_back();
    }
    out.root = context.Compile(path);
  } else if (out.root.empty()) {
    out.root = context.Compile({context.FromPrefix("html"), {}});
  }
}

void MergeErrorPages(CoreSettings& out, const CoreDraft& own, MergeContext& context) {
  if (own.error_pages.empty()) return;  // a block's own pages replace all outer ones
  out.error_pages.clear();
  for (const ErrorPageDraft& draft : own.error_pages) {
    const Template target = context.Compile(draft.target);
    for (const http::Status status : draft.statuses) {
      const bool seen = std::any_of(out.error_pages.begin(), out.error_pages.end(),
                                    [&](const ErrorPage& page) { return page.status == status; });
      if (!seen) out.error_pages.push_back({status, draft.overwrite, draft.take_status, target});
    }
  }
}

void MergeErrorLogs(CoreSettings& out, const CoreDraft& own, MergeContext& context) {
  std::vector<std::pair<std::uint32_t, int>> targets;
  for (const auto& [path, level] : own.error_logs) {
    targets.emplace_back(context.AddLog(path.text, path.span), static_cast<int>(level));
  }
  if (targets.empty()) {
    if (context.block() != In::kMain) return;
    const std::string& option = context.error_log_option();
    targets.emplace_back(context.AddLog(option.empty() ? std::string(config::kDefaultErrorLog) : option, {}),
                         static_cast<int>(log::Level::kError));
  }
  out.error_log = context.AddErrorLog(targets);
}

CoreSettings Merge(const CoreSettings& outer, const CoreDraft& own, MergeContext& context) {
  CoreSettings out = outer;
  out.prefix = context.prefix();
  MergeRoot(out, own, context);
  if (own.types) {
    out.types = std::make_shared<const http::MimeTypes>(*own.types);
  } else if (!out.types) {
    out.types = std::make_shared<const http::MimeTypes>(http::MimeTypes::Defaults());
  }
  Take(out.default_type, own.default_type);
  Take(out.sendfile, own.sendfile);
  Take(out.sendfile_max_chunk, own.sendfile_max_chunk);
  Take(out.tcp_nopush, own.tcp_nopush);
  Take(out.tcp_nodelay, own.tcp_nodelay);
  Take(out.log_not_found, own.log_not_found);
  Take(out.log_subrequest, own.log_subrequest);
  Take(out.etag, own.etag);
  Take(out.internal, own.internal);
  if (own.keepalive_timeout) {
    out.keepalive_timeout = *own.keepalive_timeout;
    out.keepalive_header = own.keepalive_header;
  }
  Take(out.keepalive_time, own.keepalive_time);
  Take(out.keepalive_requests, own.keepalive_requests);
  Take(out.send_timeout, own.send_timeout);
  Take(out.client_header_timeout, own.client_header_timeout);
  Take(out.client_body_timeout, own.client_body_timeout);
  Take(out.lingering_time, own.lingering_time);
  Take(out.lingering_timeout, own.lingering_timeout);
  Take(out.client_header_buffer_size, own.client_header_buffer_size);
  Take(out.large_client_header_buffers, own.large_client_header_buffers);
  Take(out.max_headers, own.max_headers);
  Take(out.client_max_body_size, own.client_max_body_size);
  Take(out.reset_timedout_connection, own.reset_timedout_connection);
  Take(out.ignore_invalid_headers, own.ignore_invalid_headers);
  Take(out.underscores_in_headers, own.underscores_in_headers);
  if (own.limit_rate) out.limit_rate = CompileSize(*own.limit_rate, context);
  if (own.limit_rate_after) out.limit_rate_after = CompileSize(*own.limit_rate_after, context);
  Take(out.server_tokens, own.server_tokens);
  Take(out.absolute_redirect, own.absolute_redirect);
  Take(out.port_in_redirect, own.port_in_redirect);
  Take(out.server_name_in_redirect, own.server_name_in_redirect);
  MergeErrorPages(out, own, context);
  MergeErrorLogs(out, own, context);
  return out;
}

}  // namespace

const Module kCore = DefineModule<CoreSettings, CoreDraft, Merge>("core", CoreDirectives());

}  // namespace colmeia::site
