"""Where the processes of one run meet on one machine; apart from `devices`, which imports torch."""

#: The variable that names a file in which processes on one machine meet, where torch's store would listen to all.
STORE = "CGRECNET_MEETING"
