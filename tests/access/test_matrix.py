from tests.access.world import build
def test_w(app):
    import time
    t=time.time()
    r=build(app)
    print(r, time.time()-t)
