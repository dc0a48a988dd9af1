-- For wrk: requests with the command line's -H headers, each in turn with one header more.
-- Usage: wrk -s requests.lua … <url> -- <file with lines of name, tab, value>
local requests, last = {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      local name, value = line:match("^([^\t]+)\t(.*)$")
      wrk.headers[name] = value
      requests[#requests + 1] = wrk.format()
      wrk.headers[name] = nil
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
