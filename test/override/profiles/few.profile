# So few classes that most requests get another one than usual, and magazines that are full at once.
cenote-profile 1
class 16 magazine 2
class 48 magazine 2
class 80 magazine 3 segments 131072 131072
class 208
class 1024 magazine 2
class 4096
class 65536
end
