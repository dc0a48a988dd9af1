-- For wrk: requests with the command line's -H headers, each in turn with further ones.
-- Usage: wrk -s requests.lua … <url> -- <file with lines of name, tab, value, and tab, name, tab, value …>
local requests, last = {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      local usual = {}
      for name, value in pairs(wrk.headers) do usual[name] = value end
      for name, value in line:gmatch("([^\t]+)\t([^\t]*)\t?") do wrk.headers[name] = value end
      requests[#requests + 1] = wrk.format()
      wrk.headers = usual
   end
end

function request()
   last = last % #requests + 1
   return requests[last]
end

-- The last line of what wrk prints, for wrk.ts.
function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"microseconds":%d,"p50":%d,"p90":%d,"p99":%d,"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
      summary.requests, summary.duration,
      latency:percentile(50), latency:percentile(90), latency:percentile(99),
      errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
