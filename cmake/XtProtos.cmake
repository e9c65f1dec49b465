# xt_protos(NAME MESSAGES a.proto ... SERVICES s.proto ...): the generated C++ of protos/. Messages and services are two
# libraries, NAME and NAME_grpc, so that what needs only messages never compiles a gRPC header.

function(xt_protos name)
  cmake_parse_arguments(ARG "" "" "MESSAGES;SERVICES" ${ARGN})
  set(root "${CMAKE_SOURCE_DIR}/protos")
  set(out "${CMAKE_BINARY_DIR}/gen")
  file(MAKE_DIRECTORY "${out}")
  set(message_sources)
  set(service_sources)
  foreach(file ${ARG_MESSAGES} ${ARG_SERVICES})
    string(REGEX REPLACE "\\.proto$" "" stem "${file}")
    add_custom_command(
      OUTPUT "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h"
      COMMAND protobuf::protoc --proto_path "${root}" --cpp_out "${out}" "${root}/${file}"
      DEPENDS "${root}/${file}" VERBATIM)
    list(APPEND message_sources "${out}/${stem}.pb.cc")
  endforeach()
  foreach(file ${ARG_SERVICES})
    string(REGEX REPLACE "\\.proto$" "" stem "${file}")
    add_custom_command(
      OUTPUT "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h"
      COMMAND protobuf::protoc --proto_path "${root}" --grpc_out "${out}"
              "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>" "${root}/${file}"
      DEPENDS "${root}/${file}" "${out}/${stem}.pb.h" VERBATIM)
    list(APPEND service_sources "${out}/${stem}.grpc.pb.cc")
  endforeach()
  add_library(${name} STATIC ${message_sources})
  target_include_directories(${name} SYSTEM PUBLIC "${out}")
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf)
  add_library(${name}_grpc STATIC ${service_sources})
  target_link_libraries(${name}_grpc PUBLIC ${name} gRPC::grpc++)
  # Compiled as a few sources: nearly all of the time is the same headers. Those of messages define the same names.
  set_target_properties(${name}_grpc PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  if(XT_SANITIZE STREQUAL "address")  # a third of its time, for code that is not ours
    target_compile_options(${name} PRIVATE -fno-sanitize=undefined)
    target_compile_options(${name}_grpc PRIVATE -fno-sanitize=undefined)
  endif()
endfunction()
