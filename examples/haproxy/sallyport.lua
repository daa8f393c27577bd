-- Sallyport's door for HAProxy (2.6 or newer, with Lua), which has no question of this kind of its own.
--
--   setenv SALLYPORT_SERVER http://127.0.0.1:8080                    in the section global: where Sallyport is
--   lua-load-per-thread sallyport.lua                                below it
--   http-request lua.sallyport https://app.example.com level=aal2    the program's site, and the question
--   http-request deny deny_status 503 unless { var(txn.sallyport) -m str open }
--
-- The last line is part of it: HAProxy goes on after a fault in Lua, and then lets nobody through.

local server = os.getenv("SALLYPORT_SERVER")
if not server then
	error("sallyport.lua needs Sallyport's address: setenv SALLYPORT_SERVER http://127.0.0.1:8080")
end

-- What the door needs to see of a request. Nothing in it says who somebody is but the credentials.
local asked = {
	"cookie", "authorization", "accept", "sec-fetch-mode", "sallyport-otp", "signature", "signature-input", "content-digest", "user-agent",
}
-- What the door says of a person; the program gets these and no others of their kind.
local identity = { "remote-user", "remote-email", "remote-account", "remote-roles", "remote-amr", "sallyport-assertion" }

-- joined is a header that may have come in several lines.
local function joined(lines, separator)
	local all = {}
	for i = 0, #lines do
		all[#all + 1] = lines[i]
	end
	return table.concat(all, separator)
end

local function first(headers, name)
	return headers and headers[name] and headers[name][0] or ""
end

-- forged reports whether a header of a request says who somebody is, in any spelling that a program may read so.
local function forged(name)
	local n = name:lower():gsub("_", "-")
	return n:sub(1, 7) == "remote-" or n == "sallyport-assertion"
end

core.register_action("sallyport", { "http-req" }, function(txn, origin, question)
	txn:set_var("txn.sallyport", "shut")
	local came = txn.http:req_get_headers()
	for name in pairs(came) do
		if forged(name) then
			txn.http:req_del_header(name)
		end
	end
	local send = {}
	for _, name in ipairs(asked) do
		if came[name] then
			send[name] = { joined(came[name], name == "cookie" and "; " or ", ") }
		end
	end
	local scheme, host = origin:match("^(https?)://(.+)$")
	send["x-forwarded-proto"] = { scheme }
	send["x-forwarded-host"] = { host }
	send["x-forwarded-method"] = { txn.f:method() }
	send["x-forwarded-uri"] = { txn.f:pathq() }
	send["x-forwarded-for"] = { txn.f:src() }

	local answer = core.httpclient():get({ url = server .. "/forward-auth?" .. question, headers = send, timeout = 5000 })
	local status = answer and answer.status or 0
	if status == 200 and first(answer.headers, "remote-user") ~= "" then -- one without a person is no yes
		for _, name in ipairs(identity) do
			local value = first(answer.headers, name)
			if value ~= "" then
				txn.http:req_set_header(name, value)
			end
		end
		txn:set_var("txn.sallyport", "open")
		return
	end

	local reply = txn:reply()
	if status == 303 or status == 400 or status == 401 or status == 403 or status == 429 then
		reply:set_status(status)
		for _, name in ipairs({ "location", "content-type", "www-authenticate", "retry-after" }) do
			local value = first(answer.headers, name)
			if value ~= "" then
				reply:add_header(name, value)
			end
		end
		reply:set_body(answer.body or "")
	else
		reply:set_status(503)
		reply:add_header("content-type", "text/plain")
		reply:set_body("The sign-in server does not answer. Try again in a moment.\n")
	end
	reply:add_header("cache-control", "no-store")
	txn:done(reply)
end, 2)
