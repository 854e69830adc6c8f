// attention/members_spread_1 – the core of heads_attend by attention/spread, for a group of one head

#import attention/spread_group
#import attention/spread_1
