def publish(archive):
    pass
