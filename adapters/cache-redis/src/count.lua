-- Counts a batch of groups, each as Cache::count promises.
-- KEYS: the counters, group after group. ARGV: for each group its size, then for each of its
-- counters the window in milliseconds and the limit. Returns two numbers a counter: where it stands,
-- and the milliseconds until it is gone.
local answers, key, arg = {}, 0, 1
while arg <= #ARGV do
    local size = tonumber(ARGV[arg])
    arg = arg + 1
    local exceeded = false
    for _ = 1, size do
        key = key + 1
        local name, window, limit = KEYS[key], ARGV[arg], tonumber(ARGV[arg + 1])
        arg = arg + 2
        local count, left = 0, 0
        if exceeded then
            local held = redis.pcall('GET', name)
            if type(held) == 'string' and string.find(held, '^%d+$') then
                count = tonumber(held)
                left = math.max(redis.call('PTTL', name), 0)
            end
        else
            count = redis.pcall('INCR', name)
            if type(count) ~= 'number' then
                -- No counter is there: one takes its place.
                redis.call('SET', name, 1, 'PX', window)
                count, left = 1, tonumber(window)
            elseif count == 1 then
                redis.call('PEXPIRE', name, window)
                left = tonumber(window)
            else
                left = redis.call('PTTL', name)
                if left < 0 then
                    -- Somebody took its time away: it would count for ever.
                    redis.call('PEXPIRE', name, window)
                    left = tonumber(window)
                end
                if count > limit + 1 then
                    count = redis.call('DECR', name)
                end
            end
            exceeded = count > limit
        end
        answers[#answers + 1] = count
        answers[#answers + 1] = left
    end
end
return answers
