// matrix_extension_standard – enables subgroup matrices under the name of the WebGPU proposal

#enable subgroup_matrix
#diagnostic subgroup_matrix_uniformity
