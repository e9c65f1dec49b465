// The Lua scripts of the execution stream. Sequences are compared as strings: numbers in Lua are doubles, and 2^53 + 1
// would become 2^53. A script that fails half-way is not rolled back: each one is written so that a prefix of it is as
// good as the whole.
#pragma once

#include "libs/adapters/redis/internal/redis_connection.h"

namespace xt::redis::scripts {

// KEYS: stream. The last sequence that was ever in the stream, "0" when there was none.
inline constexpr Script kLastSequence{R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return '0' end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then return string.match(info[i + 1], '^%d+') end
end)lua"};

// KEYS: stream. ARGV: the sequence before the first entry, the most entries to hold, then sequence and payload of each.
inline constexpr Script kPublish{R"lua(
local last = '0'
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = string.match(info[i + 1], '^%d+') end
  end
end
if last ~= ARGV[1] then return redis.error_reply('GAP ' .. last) end
local length = redis.call('XLEN', KEYS[1])
if length + (#ARGV - 2) / 2 > tonumber(ARGV[2]) then return redis.error_reply('FULL ' .. length) end
for i = 3, #ARGV, 2 do redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'b', ARGV[i + 1]) end
return 'OK')lua"};

// KEYS: stream. ARGV: a sequence, or nothing. Drops what every group has acknowledged, up to this sequence; how many that
// were.
inline constexpr Script kTrim{R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local function parts(id) return string.match(id, '^(%d+)-(%d+)$') end
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local floor
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local g = {}
  for i = 1, #group, 2 do g[group[i]] = group[i + 1] end
  -- The first entry that the group still needs: the oldest pending one, else the one behind the last delivered.
  local id = parts(g['last-delivered-id']) .. '-1'
  if g['pending'] > 0 then id = redis.call('XPENDING', KEYS[1], g['name'])[2] end
  local sequence, part = parts(id)
  if floor then
    local s, p = parts(floor)
    if less(sequence, s) or (sequence == s and less(part, p)) then floor = id end
  else
    floor = id
  end
end
if not floor then return 0 end
if ARGV[1] ~= '' and less(ARGV[1], (parts(floor))) then floor = ARGV[1] .. '-1' end
return redis.call('XTRIM', KEYS[1], 'MINID', floor))lua"};

// KEYS: stream. Up to where every group has acknowledged: "<sequence>-0" says before it, "<sequence>-1" up to it. Without a
// group, the last sequence that was ever in the stream.
inline constexpr Script kAcknowledged{R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return '0-1' end
local function parts(id) return string.match(id, '^(%d+)-(%d+)$') end
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local floor
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local g = {}
  for i = 1, #group, 2 do g[group[i]] = group[i + 1] end
  -- One that never acknowledges in between: the oldest pending entry, else the last delivered.
  local id = parts(g['last-delivered-id']) .. '-1'
  if g['pending'] > 0 then id = parts(redis.call('XPENDING', KEYS[1], g['name'])[2]) .. '-0' end
  local sequence, part = parts(id)
  if floor then
    local s, p = parts(floor)
    if less(sequence, s) or (sequence == s and less(part, p)) then floor = id end
  else
    floor = id
  end
end
if floor then return floor end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then return parts(info[i + 1]) .. '-1' end
end)lua"};

// KEYS: stream. ARGV: a sequence. The stream ends there when it ended before; it is made when it is missing. What is in it
// stays, and every group goes on where it is.
inline constexpr Script kBeginBehind{R"lua(
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local last = '0'
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[1], '_i', '0', 'MKSTREAM')
  redis.call('XGROUP', 'DESTROY', KEYS[1], '_i')
else
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = string.match(info[i + 1], '^%d+') end
  end
end
if less(last, ARGV[1]) then redis.call('XSETID', KEYS[1], ARGV[1] .. '-0') end
return 'OK')lua"};

// KEYS: stream. ARGV: group, consumer, id, most. Delivers the consumer's own pending entries behind the id again: how many
// were gone, then id, payload and delivery count of each.
inline constexpr Script kReadOwn{R"lua(
local read = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[4], 'STREAMS', KEYS[1], ARGV[3])
local out = {0}
if not read then return out end
for _, entry in ipairs(read[1][2]) do
  local id = entry[1]
  if entry[2] then
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
    out[#out + 1] = {id, entry[2][2], pending[1][4]}
  else
    redis.call('XACK', KEYS[1], ARGV[1], id)
    out[1] = out[1] + 1
  end
end
return out)lua"};

// KEYS: stream. ARGV: group, consumer, idle time in ms, most. As kReadOwn, for entries of other consumers of the group.
// XAUTOCLAIM would do, did it not take over the consumer's own entries too.
inline constexpr Script kClaim{R"lua(
local out, start, most = {0}, '-', tonumber(ARGV[4])
for _ = 1, 100 do
  local page = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], start, '+', 100)
  if #page == 0 then return out end
  for _, pending in ipairs(page) do
    if #out > most then return out end
    if pending[2] ~= ARGV[2] then
      local claimed = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], pending[1])
      if claimed[1] then
        out[#out + 1] = {pending[1], claimed[1][2][2], pending[4] + 1}
      else
        out[1] = out[1] + 1  -- XCLAIM has forgotten it
      end
    end
  end
  start = '(' .. page[#page][1]
end
return out)lua"};

// KEYS: stream. ARGV: group. The last sequence, the sequence before the first entry that is there, the group's last
// delivered one (all as text), and how many are pending. Redis' own figure for the lag may be absent.
inline constexpr Script kPosition{R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return {'0', '0', '0', 0} end
local out = {'0', '', '0', 0}
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then out[1] = string.match(info[i + 1], '^%d+') end
  if info[i] == 'first-entry' and info[i + 1] then out[2] = string.match(info[i + 1][1], '^%d+') end
end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local g = {}
  for i = 1, #group, 2 do g[group[i]] = group[i + 1] end
  if g['name'] == ARGV[1] then
    out[3] = string.match(g['last-delivered-id'], '^%d+')
    out[4] = g['pending']
  end
end
return out)lua"};

}  // namespace xt::redis::scripts
