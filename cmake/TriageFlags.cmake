# Flags of our own code live on one INTERFACE target; every target links it privately.
add_library(triage_flags INTERFACE)
target_compile_definitions(triage_flags INTERFACE _GNU_SOURCE)
target_include_directories(triage_flags INTERFACE ${PROJECT_SOURCE_DIR}/lib)
target_compile_options(triage_flags INTERFACE -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes
	-Wmissing-prototypes -Wvla -Wno-unused-parameter -fno-omit-frame-pointer)
if(TRIAGE_WERROR)
	target_compile_options(triage_flags INTERFACE -Werror)
endif()

# What changes the code that is generated is set for everything, so that no object is left out.
if(TRIAGE_SANITIZE)
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
	add_link_options(-fsanitize=address,undefined)
else()
	# It runs as root and reads what hostile programs name themselves.
	add_compile_options(-fstack-protector-strong $<$<CONFIG:RelWithDebInfo,Release>:-D_FORTIFY_SOURCE=2>)
	add_link_options(-Wl,-z,relro,-z,now)
endif()
if(TRIAGE_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
