# Fails when one of OBJECTS (separated by |) defines a weak function or object. Run by the build; see host.cmake.

string(REPLACE "|" ";" objects "${OBJECTS}")
foreach(object IN LISTS objects)
  execute_process(COMMAND ${NM} --defined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  # W: weak function. V: weak object; the reference to the exception personality is one, and holds no code.
  string(REGEX MATCHALL " [WVu] [^\n]+" weak "${symbols}")
  list(FILTER weak EXCLUDE REGEX "DW\\.ref\\.")
  if(weak)
    message(FATAL_ERROR "${object} defines weak symbols, which the linker may pick for every instruction set:${weak}")
  endif()
endforeach()
