// matrix_subgroups_given – for adapters on which all subgroups have 32 invocations: nothing to do
