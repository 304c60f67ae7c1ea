-- What wrk asks, and how it tells the result: one line of JSON at the end.
--
--   wrk ... -s load.lua URL [-- PIPELINED]
--
-- PIPELINED requests leave in one write. Without it wrk sends its usual request, without a call into Lua for each.

function init(args)
  local count = tonumber(args[1] or "1")
  if count > 1 then
    local requests = {}
    for i = 1, count do requests[i] = wrk.format() end
    local pipelined = table.concat(requests)
    function request() return pipelined end
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "bytes": %d, "p50": %d, "p99": %d, "max": %d, ' ..
    '"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
