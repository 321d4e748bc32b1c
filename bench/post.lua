-- Every request is a new feedback under a new idempotency key, the cities by turns.
local prefix, count = "", 0
local bodies = {}
local hosts = {}

function init(args)
  math.randomseed(os.time() * 1000 + tonumber(tostring({}):sub(8), 16) % 1000000)
  prefix = string.format("%08x%08x", math.random(0, 2 ^ 31 - 1), math.random(0, 2 ^ 31 - 1))
  for index, slug in ipairs({"kerava", "jarvenpaa"}) do
    hosts[index] = slug .. ".localhost"
    bodies[index] = '{"kind":"question","category":"kirjasto","text":"Onko kirjasto auki pyhäinpäivänä ja mihin aikaan?",'
      .. '"language":"fi","location":{"lat":60.4034,"lon":25.1011,"address":"Paasikivenkatu"},'
      .. '"publication":{"permission":"anonymous"},"contact":{"email":"own@example.org"},"wants_reply":true}'
  end
end

function request()
  count = count + 1
  local index = count % 2 + 1
  return wrk.format("POST", "/api/v1/feedback", {
    ["Host"] = hosts[index],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = prefix .. count,
  }, bodies[index])
end
