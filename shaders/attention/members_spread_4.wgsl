// attention/members_spread_4 – the core of heads_attend by attention/spread, where subgroups have 4 to 7 invocations

#import attention/spread_group
#import attention/spread_4
