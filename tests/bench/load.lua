-- What wrk asks, and how it tells the result: one line of JSON at the end.
--
--   wrk ... -s load.lua URL                    wrk's usual request, without a call into Lua for each
--   wrk ... -s load.lua URL -- pipelined N     N requests leave in one write
--   wrk ... -s load.lua URL -- files N         one of N files at random: /many/FOLDER/NUMBER.html, a thousand in a folder

local PER_FOLDER = 1000

function init(args)
  local what, count = args[1], tonumber(args[2])
  if what == "pipelined" then
    local requests = {}
    for i = 1, count do requests[i] = wrk.format() end
    local together = table.concat(requests)
    function request() return together end
  elseif what == "files" then
    math.randomseed(count)
    function request()
      local number = math.random(0, count - 1)
      return wrk.format("GET", string.format("/many/%d/%d.html", math.floor(number / PER_FOLDER), number))
    end
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
