-- What wrk sends and what it takes for an answer; wrk.mjs writes the plan to the file that BENCH_PLAN names.
-- plan.chains: for each thread a list of requests that it sends in turn, and the value that it begins with. A request takes a value
-- out of its answer (`take`), the next one has it appended (`append`). A thread that carries values must have one connection.
-- An answer whose status or text is another one is an error, and so is one without the value.
local ffi = require "ffi"
ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_time; int clock_gettime(int, bench_time *);"

local plan = dofile(os.getenv "BENCH_PLAN")
local threads = {}

function setup(thread)
	threads[#threads + 1] = thread
	thread:set("number", #threads)
end

-- Each thread has a state of its own, from here on.
count, wrong, sample, times = 0, 0, "", {}
local chain, value, ready, began
local at = 1
local clock = ffi.new "bench_time"

local function now()
	ffi.C.clock_gettime(1, clock)
	return tonumber(clock.seconds) * 1e6 + tonumber(clock.nanoseconds) / 1e3
end

local function written(request, text)
	return wrk.format(request.method, request.path, request.headers, request.body and request.body .. text)
end

function init()
	chain = plan.chains[number] or plan.chains[1]
	value = chain.value
	if not plan.carries then
		ready = {}
		for i, one in ipairs(chain) do ready[i] = written(one, "") end
		at = 0
	end
end

function request()
	if ready then
		at = at % #ready + 1
		return ready[at]
	end
	if at == 1 then began = now() end
	return written(chain[at], chain[at].append and value or "")
end

local function refuse(status, text)
	wrong = wrong + 1
	if sample == "" then sample = (status .. " " .. text:sub(1, 300)):gsub('[\\"]', "'"):gsub("[^%w%p ]", " ") end
end

function response(status, headers, body)
	local one = ready and chain[1] or chain[at]
	local text = one.where == "location" and (headers.Location or headers.location or "") or body
	local good = status == one.status and text:find(one.text, 1, true)
	if good and one.take then
		local new = text:match(one.take)
		good = new and new ~= value
		value = new or value
	end
	if not good then
		refuse(status, text == "" and body or text)
		at = ready and at or 1
	elseif ready then
		count = count + 1
	elseif at < #chain then
		at = at + 1
	else
		at = 1
		count = count + 1
		times[#times + 1] = now() - began
	end
end

function done(summary, latency)
	local errors, all, total, bad, first = summary.errors, {}, 0, 0, ""
	for _, thread in ipairs(threads) do
		total, bad = total + thread:get "count", bad + thread:get "wrong"
		if first == "" then first = thread:get "sample" end
		for _, time in ipairs(thread:get "times") do all[#all + 1] = time end
	end
	table.sort(all)
	local function part(percent)
		return #all > 0 and all[math.ceil(#all * percent / 100)] or latency:percentile(percent)
	end
	io.write(string.format('RESULT {"count":%d,"us":%d,"p50_us":%.0f,"p99_us":%.0f,"errors":%d,"client_cores":%.2f,"sample":"%s"}\n',
		total, summary.duration, part(50), part(99), bad + errors.connect + errors.read + errors.write + errors.timeout,
		os.clock() * 1e6 / summary.duration, first))
end
