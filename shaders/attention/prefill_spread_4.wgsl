// attention/prefill_spread_4 – the core of prefill attention by broadcasts, where subgroups have 4 to 7 invocations

#import attention/spread_tokens
#import attention/spread_4
