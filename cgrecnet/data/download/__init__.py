"""Files from elsewhere: what a repository lists, fetched byte by byte where it was cut off, checked, unpacked.

A data set says which files it wants (`folder.Download`, with `remote.RemoteFile`) and no more.
Nothing is imported here, so that a page which only reads does not load what downloads need.
"""

#: Folder below the target in which files arrive; readers of images do not look into hidden folders.
STAGING = ".download"
