//! The scripts: what has to happen in one step.
//!
//! Numbers that must come back as they went in (versions, fencing) are compared as text: a Lua number has 53 bits.

use ::redis::Script;

/// All scripts, each with its checksum.
pub(super) struct Scripts {
    pub(super) load: Script,
    pub(super) save: Script,
    pub(super) delete: Script,
    pub(super) due: Script,
    pub(super) take_lease: Script,
    pub(super) extend_lease: Script,
    pub(super) release_lease: Script,
    pub(super) insert_handle: Script,
    pub(super) find_handle: Script,
    pub(super) find_handles: Script,
    pub(super) get: Script,
    pub(super) get_or_insert: Script,
    pub(super) raise_generation: Script,
    pub(super) delete_handle: Script,
    pub(super) delete_handles_of: Script,
    pub(super) insert_one_time: Script,
    pub(super) find_one_time: Script,
    pub(super) spend_one_time: Script,
    pub(super) find_owned: Script,
    pub(super) write_owned: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            load: Script::new(LOAD),
            save: Script::new(SAVE),
            delete: Script::new(DELETE),
            due: Script::new(DUE),
            take_lease: Script::new(TAKE_LEASE),
            extend_lease: Script::new(EXTEND_LEASE),
            release_lease: Script::new(RELEASE_LEASE),
            insert_handle: Script::new(INSERT_HANDLE),
            find_handle: Script::new(FIND_HANDLE),
            find_handles: Script::new(FIND_HANDLES),
            get: Script::new(GET),
            get_or_insert: Script::new(GET_OR_INSERT),
            raise_generation: Script::new(RAISE_GENERATION),
            delete_handle: Script::new(DELETE_HANDLE),
            delete_handles_of: Script::new(DELETE_HANDLES_OF),
            insert_one_time: Script::new(INSERT_ONE_TIME),
            find_one_time: Script::new(FIND_ONE_TIME),
            spend_one_time: Script::new(SPEND_ONE_TIME),
            find_owned: Script::new(FIND_OWNED),
            write_owned: Script::new(WRITE_OWNED),
        }
    }
}

const LOAD: &str = "return redis.call('HMGET', KEYS[1], 'version', 'sealed_token')";

/// Tokens go a week after their end, as in the databases; the server does it.
const SAVE: &str = r"
local expected, fencing, version, sealed_key, sealed_token, member, renew_at, ends_at = unpack(ARGV)
if fencing ~= '' and redis.call('HGET', KEYS[3], 'fencing') ~= fencing then
    return 'fenced'
end
if (redis.call('HGET', KEYS[1], 'version') or '') ~= expected then
    return 'conflict'
end
redis.call('HSET', KEYS[1], 'version', version, 'sealed_key', sealed_key, 'sealed_token', sealed_token)
if ends_at == '' then
    redis.call('PERSIST', KEYS[1])
else
    local now = tonumber(redis.call('TIME')[1])
    redis.call('EXPIREAT', KEYS[1], math.max(tonumber(ends_at), now) + 7 * 86400)
end
if renew_at == '' then
    redis.call('ZREM', KEYS[2], member)
else
    redis.call('ZADD', KEYS[2], renew_at, member)
end
return 'saved'
";

const DELETE: &str = r"
local expected, member = unpack(ARGV)
local found = redis.call('HGET', KEYS[1], 'version')
if found and found ~= expected then
    return 0
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], member)
return 1
";

/// A member whose token has gone is taken off the list on the way.
const DUE: &str = r"
local now, limit, token_prefix = unpack(ARGV)
local due = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, limit)) do
    local row = redis.call('HMGET', token_prefix .. member, 'version', 'sealed_key')
    if row[1] and row[2] then
        due[#due + 1] = { member, row[1], row[2] }
    else
        redis.call('ZREM', KEYS[1], member)
    end
end
return due
";

/// The counter starts at the server's time in milliseconds, so that numbers grow even if the server has lost everything.
/// A lease that was left stays for 90 days: it tells the next holder that somebody died in the middle.
const TAKE_LEASE: &str = r"
local holder, time = unpack(ARGV)
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local held = redis.call('HMGET', KEYS[1], 'holder', 'ends_at', 'is_released')
local is_left = held[1] and held[3] == '0'
if is_left and held[1] ~= holder and now < tonumber(held[2]) then
    return false
end
redis.call('SET', KEYS[2], string.format('%.0f', now), 'NX')
redis.call('INCR', KEYS[2])
local fencing = redis.call('GET', KEYS[2])
redis.call('HSET', KEYS[1], 'holder', holder, 'fencing', fencing,
    'ends_at', string.format('%.0f', now + tonumber(time)), 'is_released', '0')
redis.call('EXPIRE', KEYS[1], 90 * 86400)
return { fencing, is_left and 1 or 0 }
";

const EXTEND_LEASE: &str = r"
local fencing, time = unpack(ARGV)
local held = redis.call('HMGET', KEYS[1], 'fencing', 'is_released')
if held[1] ~= fencing or held[2] ~= '0' then
    return 0
end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
redis.call('HSET', KEYS[1], 'ends_at', string.format('%.0f', now + tonumber(time)))
redis.call('EXPIRE', KEYS[1], 90 * 86400)
return 1
";

/// What was given back stays a week, because it fences.
const RELEASE_LEASE: &str = r"
if redis.call('HGET', KEYS[1], 'fencing') == ARGV[1] then
    redis.call('HSET', KEYS[1], 'is_released', '1')
    redis.call('EXPIRE', KEYS[1], 7 * 86400)
end
return redis.status_reply('OK')
";

/// Rows go a week after their end, as in the databases. The set of a subject lives as long as its longest handle; the
/// scripts name all keys that they touch below one hash tag.
const INSERT_HANDLE: &str = r"
local sealed, expires_at, subject_key, handle_key, site = unpack(ARGV)
local now = tonumber(redis.call('TIME')[1])
local gone_at = math.max(tonumber(expires_at), now) + 7 * 86400
redis.call('HSET', KEYS[1], 'sealed_subject', sealed, 'expires_at', expires_at, 'subject_key', subject_key,
    'site', site)
redis.call('EXPIREAT', KEYS[1], gone_at)
redis.call('SADD', KEYS[2], handle_key)
if redis.call('TTL', KEYS[2]) < gone_at - now then
    redis.call('EXPIREAT', KEYS[2], gone_at)
end
";

const FIND_HANDLE: &str = "return redis.call('HMGET', KEYS[1], 'sealed_subject', 'expires_at')";

const FIND_HANDLES: &str = r"
local rows = {}
for number, key in ipairs(KEYS) do
    rows[number] = redis.call('HMGET', key, 'sealed_subject', 'expires_at')
end
return rows
";

const GET: &str = "return redis.call('GET', KEYS[1])";

const GET_OR_INSERT: &str = r"
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
";

const RAISE_GENERATION: &str = r"
local day, life = unpack(ARGV)
local found = tonumber(redis.call('GET', KEYS[1]) or '0')
redis.call('SET', KEYS[1], string.format('%.0f', math.max(found + 1, tonumber(day))), 'EX', life)
";

/// The counter moves in the step that deletes: an instance that sees the new number finds the handles gone.
const DELETE_HANDLE: &str = r"
local subject_key = redis.call('HGET', KEYS[1], 'subject_key')
if subject_key then
    redis.call('SREM', subject_key, KEYS[1])
end
local deleted = redis.call('DEL', KEYS[1])
if deleted > 0 then
    redis.call('INCR', KEYS[2])
end
return deleted
";

const DELETE_HANDLES_OF: &str = r"
local deleted = 0
for _, handle_key in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    deleted = deleted + redis.call('DEL', handle_key)
end
redis.call('DEL', KEYS[1])
if deleted > 0 then
    redis.call('INCR', KEYS[2])
end
return deleted
";

const INSERT_ONE_TIME: &str = r"
local sealed, expires_at = unpack(ARGV)
if redis.call('EXISTS', KEYS[1]) == 1 then
    return
end
local now = tonumber(redis.call('TIME')[1])
redis.call('HSET', KEYS[1], 'sealed_content', sealed, 'expires_at', expires_at)
redis.call('EXPIREAT', KEYS[1], math.max(tonumber(expires_at), now) + 7 * 86400)
";

const FIND_ONE_TIME: &str = "return redis.call('HMGET', KEYS[1], 'sealed_content', 'expires_at')";

/// Of many that spend the same secret at once, one gets the row.
const SPEND_ONE_TIME: &str = r"
local spent = redis.call('HMGET', KEYS[1], 'sealed_content', 'expires_at')
redis.call('DEL', KEYS[1])
return spent
";

const FIND_OWNED: &str = "return redis.call('MGET', unpack(KEYS))";

/// The first owner stays. The life of an entry is renewed once a day at most.
const WRITE_OWNED: &str = r"
local owner, life, renewed_below = unpack(ARGV)
for _, key in ipairs(KEYS) do
    local found = redis.call('GET', key)
    if not found then
        redis.call('SET', key, owner, 'EX', life)
    elseif found == owner and redis.call('TTL', key) < tonumber(renewed_below) then
        redis.call('EXPIRE', key, life)
    end
end
";
