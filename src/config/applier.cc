#include "config/applier.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/unsupported.h"

namespace colmeia::config {

namespace {

constexpr std::size_t kMostSplits = 1000;  // of one directive: more are not looked for
constexpr std::size_t kMostAsked = 1000;   // words of a directive whose setter is asked

// Words of nginx's `listen` that are names of its directives as well.
constexpr std::string_view kListenWords[] = {"ssl", "http2", "quic"};

}  // namespace

void Applier::Apply(std::span<const Node> nodes, In context, DraftSet& drafts, BlockHandler& handler) const {
  for (const Node& whole : nodes) {
    Rest rest{whole.words, whole.block};
    for (std::size_t i = 0; i < kMostSplits; ++i) {
      const Split split = FindSplit(rest, context);
      if (split.at == 0) break;
      ReportSplit(rest, split, context);
      const std::span<const Word> words = rest.words.first(split.at);
      const Node& first = parts_.emplace_back(Node{{words.begin(), words.end()}, {}, false});
      const bool has_opening = registry_.Find(first.name().text, context) == nullptr ||
                               registry_.Find(first.name().text, context)->directive->form == Form::kSimple;
      // That a block has no opening is said already.
      if (has_opening) ApplyOne(first, nodes, context, drafts, handler);
      rest.words = rest.words.subspan(split.at);
    }
    const bool is_whole = rest.words.size() == whole.words.size();
    const Node& last =
        is_whole ? whole
                 : parts_.emplace_back(Node{{rest.words.begin(), rest.words.end()}, whole.children, whole.block});
    ApplyOne(last, nodes, context, drafts, handler);
  }
}

void Applier::ApplyOne(const Node& node, std::span<const Node> siblings, In context, DraftSet& drafts,
                       BlockHandler& handler) const {
  const std::string& name = node.name().text;
  const auto error = [&](Span span, std::string message) {
    diagnostics_.Error(source_.Locate(span), std::move(message));
  };
  if (progress_ != nullptr) {
    const Place place = source_.Locate(node.name().span);
    progress_->At(place.file, place.line);
  }

  const std::span<const Registry::Row> rows = registry_.Find(name);
  if (rows.empty()) return error(node.name().span, registry_.Unknown(name));

  const Registry::Row* const row = registry_.Find(name, context);
  if (row == nullptr) {
    In allowed = In::kNowhere;
    for (const Registry::Row& each : rows) allowed = allowed | each.directive->contexts;
    return error(node.name().span, fmt::format("\"{}\" directive is not allowed here, in {}; it belongs in {}", name,
                                               ContextNames(context), ContextNames(allowed, " or ")));
  }

  const Directive& directive = *row->directive;
  if (node.block != (directive.form == Form::kBlock)) {
    return error(node.words.back().span, node.block ? fmt::format("directive \"{}\" is not terminated by \";\"", name)
                                                    : fmt::format("directive \"{}\" has no opening \"{{\"", name));
  }
  const Call call(node, siblings, directive, context, source_, diagnostics_);
  if (!directive.arity.Allows(node.args().size())) return call.WrongArguments();

  if (directive.setter.apply != nullptr) {
    directive.setter.apply(directive.setter.draft_tag == nullptr ? nullptr : drafts.GetRaw(row->module), call);
  } else {
    handler.OnBlock(node, *row, context, drafts);
  }
}

Applier::Split Applier::FindSplit(Rest rest, In context) const {
  const Registry::Row* const row = registry_.Find(rest.name().text, context);
  const std::size_t count = rest.words.size();
  const bool fits =
      row != nullptr && rest.block == (row->directive->form == Form::kBlock) && row->directive->arity.Allows(count - 1);
  std::size_t named = 0;  // the first name on a new line
  for (std::size_t i = 1; i < count; ++i) {
    if (!StartsLine(rest, i)) continue;
    if (fits && IsName(rest.words[i], context) && IsPlausible(rest, i, context)) {
      return {i, IsRefused(rest, *row, context)};
    }
    if (named == 0 && IsAnyName(rest, i)) named = i;
    if (named != 0 && !fits) return {named, true};
  }
  if (fits) {
    // Its arguments may be right in number and in nothing else.
    return named != 0 && IsRefused(rest, *row, context) ? Split{named, true} : Split{};
  }
  // Two directives on one line.
  for (std::size_t i = 1; i < count && row != nullptr; ++i) {
    if (IsName(rest.words[i], context) && IsPlausible(rest, i, context)) return {i, true};
  }
  return {};
}

bool Applier::StartsLine(Rest rest, std::size_t word) const {
  const std::uint32_t end = rest.words[word - 1].span.end();
  return source_.text().substr(end, rest.words[word].span.offset - end).find('\n') != std::string_view::npos;
}

bool Applier::IsName(const Word& word, In context) const {
  // In quotes it is an argument.
  return word.text.size() == word.span.length && registry_.Find(word.text, context) != nullptr;
}

bool Applier::IsAnyName(Rest rest, std::size_t at) const {
  const Word& word = rest.words[at];
  if (word.text.size() != word.span.length) return false;
  if (!registry_.Find(word.text).empty()) return true;
  if (std::find(std::begin(kListenWords), std::end(kListenWords), word.text) != std::end(kListenWords)) {
    return at + 1 < rest.words.size() && (rest.words[at + 1].text == "on" || rest.words[at + 1].text == "off");
  }
  if (FindUnsupported(word.text) != nullptr) return true;
  // Names of a family are long; "perl.example.org" is none of them.
  const bool is_long = word.text.find('_') != std::string::npos;
  const bool is_plain = word.text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return is_long && is_plain && FindUnsupportedFamily(word.text) != nullptr;
}

bool Applier::IsPlausible(Rest rest, std::size_t at, In context) const {
  const Registry::Row* const head = registry_.Find(rest.name().text, context);
  const Directive& tail = *registry_.Find(rest.words[at].text, context)->directive;
  if (head == nullptr || head->directive->form != Form::kSimple || !head->directive->arity.Allows(at - 1)) return false;
  const std::size_t count = rest.words.size();
  if (rest.block == (tail.form == Form::kBlock) && tail.arity.Allows(count - at - 1)) return true;
  // The rest of its line, when the next one begins a directive too.
  std::size_t line_end = at + 1;
  while (line_end < count && !StartsLine(rest, line_end)) ++line_end;
  return line_end < count && IsAnyName(rest, line_end) && tail.form == Form::kSimple &&
         tail.arity.Allows(line_end - at - 1);
}

bool Applier::IsRefused(Rest rest, const Registry::Row& row, In context) const {
  const Setter& setter = row.directive->setter;
  if (setter.apply == nullptr || rest.block) return false;
  if (rest.words.size() > kMostAsked) return false;
  const Node node{{rest.words.begin(), rest.words.end()}, {}, false};
  DraftSet drafts = registry_.NewDrafts();
  Diagnostics found;
  setter.apply(setter.draft_tag == nullptr ? nullptr : drafts.GetRaw(row.module),
               Call(node, {}, *row.directive, context, source_, found));
  return found.HasErrors();
}

void Applier::ReportSplit(Rest rest, Split split, In context) const {
  const Word& last = rest.words[split.at - 1];
  const std::string& name = rest.name().text;
  const Registry::Row* const row = registry_.Find(name, context);
  const bool lacks_brace = row != nullptr && row->directive->form == Form::kBlock;
  std::string message = lacks_brace ? fmt::format("directive {} has no opening \"{{\"", Quoted(name))
                                    : fmt::format("directive {} is not terminated by \";\"", Quoted(name));
  const char missing = lacks_brace ? '{' : ';';
  if (StartsLine(rest, split.at)) {
    message += fmt::format(": is a {} missing after line {}?", missing, source_.Locate({last.span.end() - 1, 1}).line);
  } else {
    message += fmt::format(": is a {} missing before {}?", missing, Quoted(rest.words[split.at].text));
  }
  if (!split.is_certain)
    message += fmt::format(" As a value {} is written in quotes", Quoted(rest.words[split.at].text));
  diagnostics_.Error(source_.Locate(last.span), std::move(message));
}

}  // namespace colmeia::config
