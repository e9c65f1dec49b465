// The Lua scripts of the journal: every write compares the token and the end of the chain where the data is. KEYS are
// always the stream and the hash `{uuid, tok, open, s, h, b, bh, be}`: who this copy is, the token of the connection that may
// write, that of the caller who opened it last, sequence and hash of the last record, and sequence, hash and epoch of the
// base (absent: nothing was trimmed). Numbers are compared as strings (no leading zeros), since numbers in Lua are doubles.
// A script that fails before its last line has changed nothing that counts: the stream and `s`, `h` are written together;
// entries before the base count as gone.
#pragma once

#include "libs/adapters/redis/internal/redis_connection.h"

namespace xt::redis::scripts {

// ARGV: token, the caller's token, uuid of a new journal. Fences every older leader and every older connection of the same
// one. Creates the journal only when nothing of one is there. Returns run id, uuid, sequence and hash of the end, and
// sequence, hash and epoch of the base.
inline constexpr Script kInit{R"lua(
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local m = redis.call('HMGET', KEYS[2], 'tok', 'open')
if m[1] and not less(m[1], ARGV[1]) then return redis.error_reply('FENCED ' .. m[1]) end
if m[2] and less(ARGV[2], m[2]) then return redis.error_reply('FENCED ' .. m[1]) end
local stream = redis.call('EXISTS', KEYS[1])
if stream ~= redis.call('EXISTS', KEYS[2]) then return redis.error_reply('DAMAGED one of stream and hash is missing') end
if stream == 0 then
  redis.call('XGROUP', 'CREATE', KEYS[1], '_i', '0', 'MKSTREAM')
  redis.call('XGROUP', 'DESTROY', KEYS[1], '_i')
  redis.call('HSET', KEYS[2], 'uuid', ARGV[3], 's', '0', 'h', string.rep('0', 32))
end
redis.call('HSET', KEYS[2], 'tok', ARGV[1], 'open', ARGV[2])
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local e = redis.call('HMGET', KEYS[2], 'uuid', 's', 'h', 'b', 'bh', 'be')
return {run, e[1], e[2], e[3], e[4] or '0', e[5] or string.rep('0', 32), e[6] or '0'})lua"};

// ARGV: the caller's token, uuid of the new journal. Keeps what is there of the journal under other names, `:damaged:<its uuid>`
// behind them, and begins an empty one, another, with the same fence. Returns the name of the stream.
inline constexpr Script kSetAside{R"lua(
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local m = redis.call('HMGET', KEYS[2], 'tok', 'open', 'uuid')
if m[2] and less(ARGV[1], m[2]) then return redis.error_reply('FENCED ' .. m[2]) end
local aside = ':damaged:' .. (m[3] or 'before-' .. ARGV[2])
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then redis.call('RENAME', key, key .. aside) end
end
redis.call('XGROUP', 'CREATE', KEYS[1], '_i', '0', 'MKSTREAM')
redis.call('XGROUP', 'DESTROY', KEYS[1], '_i')
redis.call('HSET', KEYS[2], 'uuid', ARGV[2], 's', '0', 'h', string.rep('0', 32), 'tok', string.match(m[1] or '0', '^%d+$') or '0',
           'open', ARGV[1])
return KEYS[1] .. aside)lua"};

// ARGV: token, sequence and hash of the end, then of the record: last sequence, hash, epoch, first sequence, bytes.
inline constexpr Script kAppend{R"lua(
local m = redis.call('HMGET', KEYS[2], 'tok', 's', 'h')
if not m[1] then return redis.error_reply('DAMAGED the journal is gone') end
if m[1] ~= ARGV[1] then return redis.error_reply('FENCED ' .. m[1]) end
if m[2] ~= ARGV[2] or m[3] ~= ARGV[3] then return redis.error_reply('GAP ' .. m[2]) end
if not redis.call('XADD', KEYS[1], 'NOMKSTREAM', ARGV[4] .. '-0', 'e', ARGV[6], 'n', ARGV[7], 'p', ARGV[3],
                  'f', ARGV[8]) then
  return redis.error_reply('DAMAGED the stream is missing')
end
redis.call('HSET', KEYS[2], 's', ARGV[4], 'h', ARGV[5])
return 'OK')lua"};

// ARGV: token, sequence and hash of the record that becomes the end.
inline constexpr Script kCutTail{R"lua(
local tok = redis.call('HGET', KEYS[2], 'tok')
if not tok then return redis.error_reply('DAMAGED the journal is gone') end
if tok ~= ARGV[1] then return redis.error_reply('FENCED ' .. tok) end
local from = '(' .. ARGV[2] .. '-0'
while true do
  local tail = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 100)
  if #tail == 0 then break end
  for _, entry in ipairs(tail) do redis.call('XDEL', KEYS[1], entry[1]) end
end
redis.call('XSETID', KEYS[1], ARGV[2] .. '-0')
redis.call('HSET', KEYS[2], 's', ARGV[2], 'h', ARGV[3])
return 'OK')lua"};

// ARGV: token, then sequence, hash and epoch of the record that becomes the base, and the lowest id that stays. A Redis
// without room refuses the hash and keeps the stream.
inline constexpr Script kTrimFront{R"lua(
local tok = redis.call('HGET', KEYS[2], 'tok')
if not tok then return redis.error_reply('DAMAGED the journal is gone') end
if tok ~= ARGV[1] then return redis.error_reply('FENCED ' .. tok) end
redis.call('HSET', KEYS[2], 'b', ARGV[2], 'bh', ARGV[3], 'be', ARGV[4])
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[5])
return 'OK')lua"};

// ARGV: token, sequence, hash and epoch of the base. Drops every record.
inline constexpr Script kBeginAt{R"lua(
local tok = redis.call('HGET', KEYS[2], 'tok')
if not tok then return redis.error_reply('DAMAGED the journal is gone') end
if tok ~= ARGV[1] then return redis.error_reply('FENCED ' .. tok) end
redis.call('HSET', KEYS[2], 's', ARGV[2], 'h', ARGV[3], 'b', ARGV[2], 'bh', ARGV[3], 'be', ARGV[4])
redis.call('XTRIM', KEYS[1], 'MAXLEN', '0')
redis.call('XSETID', KEYS[1], ARGV[2] .. '-0')
return 'OK')lua"};

}  // namespace xt::redis::scripts
