// matrix_subgroups_32 – asks for subgroups of 32 invocations on adapters whose subgroups vary in size

#enable subgroup_size_control
#attribute @subgroup_size(32)
