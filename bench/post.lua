-- Every request is a new feedback with a text of its own under a new idempotency key, the cities by turns.
local prefix, count = "", 0
local hosts = {"kerava.localhost", "jarvenpaa.localhost"}
local before = '{"kind":"question","category":"kirjasto","text":"Onko kirjasto auki pyhäinpäivänä ja mihin aikaan? '
local after = '","language":"fi","location":{"lat":60.4034,"lon":25.1011,"address":"Paasikivenkatu"},'
  .. '"publication":{"permission":"anonymous"},"contact":{"email":"own@example.org"},"wants_reply":true}'

function init(args)
  math.randomseed(os.time() * 1000 + tonumber(tostring({}):sub(8), 16) % 1000000)
  prefix = string.format("%08x%08x-", math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1))
end

function request()
  count = count + 1
  local key = prefix .. count
  return wrk.format("POST", "/api/v1/feedback", {
    ["Host"] = hosts[count % 2 + 1],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = key,
  }, before .. key .. after)
end
