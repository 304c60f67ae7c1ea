#include "pipeline/spool.h"

#include <utility>

#include "util/check.h"

namespace colmeia::pipeline {

Spool::Spool(loop::Loop& loop, files::TempPath folder, files::TempLife life, std::function<void()> on_written)
    : loop_(loop),
      on_written_(std::move(on_written)),
      job_(std::make_shared<Job>(Job{.folder = std::move(folder), .life = life})) {}

void Spool::Job::Run() {
  if (!file) {
    auto opened = files::TempFile::Open(folder, life);
    if (!opened) {
      error = std::move(opened.error());
      return;
    }
    file.emplace(*std::move(opened));
  }
  if (auto written = file->Append(bytes); !written) error = std::move(written.error());
}

void Spool::Write(std::string& bytes) {
  CHECK(!busy() && !job_->error);
  job_->bytes.clear();
  std::swap(job_->bytes, bytes);
  work_ = std::make_unique<loop::Work>(
      loop_, [job = job_] { job->Run(); },
      [this] {
        const std::function<void()> on_written = on_written_;  // outlives this
        on_written();
      });
}

}  // namespace colmeia::pipeline
