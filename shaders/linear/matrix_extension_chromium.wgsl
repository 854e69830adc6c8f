// matrix_extension_chromium – enables subgroup matrices under the name of Chromium's experiment

#enable chromium_experimental_subgroup_matrix
#diagnostic chromium.subgroup_matrix_uniformity
