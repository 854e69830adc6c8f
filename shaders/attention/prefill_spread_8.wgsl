// attention/prefill_spread_8 – the core of prefill attention by broadcasts, where subgroups have 8 invocations or more

#import attention/spread_tokens
#import attention/spread_8
